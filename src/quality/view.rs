//! A rectangle of an image: cropping and shaving without copying.

/// Borrowed pixels of a rectangle in an 8-bit RGB image.
#[derive(Clone, Copy)]
pub struct PixelView<'a> {
    rgb: &'a [u8],
    stride: usize,
    top: usize,
    left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl<'a> PixelView<'a> {
    /// All of an image of `height * width * 3` bytes.
    ///
    /// # Panics
    /// If there are fewer.
    pub(super) fn new(rgb: &'a [u8], height: usize, width: usize) -> Self {
        assert!(rgb.len() >= height * width * 3, "an image with all its bytes");
        PixelView { rgb, stride: width, top: 0, left: 0, height, width }
    }

    /// A rectangle inside.
    ///
    /// # Panics
    /// If it does not lie inside.
    pub fn part(&self, top: usize, left: usize, height: usize, width: usize) -> PixelView<'a> {
        assert!(top + height <= self.height && left + width <= self.width, "a rectangle inside the image");
        PixelView { top: self.top + top, left: self.left + left, height, width, ..*self }
    }

    /// Without `border` pixels on every side; `None` if nothing would be left.
    pub fn shaved(&self, border: usize) -> Option<PixelView<'a>> {
        let height = self.height.checked_sub(2 * border).filter(|&n| n > 0)?;
        let width = self.width.checked_sub(2 * border).filter(|&n| n > 0)?;
        Some(self.part(border, border, height, width))
    }

    /// One row's `width * 3` bytes.
    pub fn row(&self, y: usize) -> &'a [u8] {
        debug_assert!(y < self.height);
        &self.rgb[((self.top + y) * self.stride + self.left) * 3..][..self.width * 3]
    }
}
