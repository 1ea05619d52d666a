//! Where a tensor's elements lie in its storage, checked before libtorch sees the numbers of a file.

/// More dimensions than any layer's weights have.
const MAX_DIMS: usize = 16;

/// No size, stride, offset or number of elements of a network's tensor reaches this.
const LIMIT: i64 = 1 << 40;

/// The layout of a tensor that lies inside its storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Elements along each dimension.
    pub sizes: Vec<i64>,
    /// Steps in elements along each dimension.
    pub strides: Vec<i64>,
    /// The first element's place in the storage; 0 for an empty tensor.
    pub offset: i64,
    /// The product of all sizes.
    pub elements: u64,
}

impl Layout {
    /// Checks the layout of a tensor in a storage of `len` elements. The error describes the layout.
    pub fn check<I: Copy + Into<i128>>(sizes: &[I], strides: &[I], offset: I, len: usize) -> Result<Layout, String> {
        let wide = |list: &[I]| list.iter().map(|&n| n.into()).collect::<Vec<i128>>();
        let (sizes, strides, offset) = (wide(sizes), wide(strides), offset.into());
        if sizes.len() != strides.len() {
            return Err(format!("{} sizes and {} strides", sizes.len(), strides.len()));
        }
        if sizes.len() > MAX_DIMS {
            return Err(format!("{} dimensions", sizes.len()));
        }
        let described = || format!("size {sizes:?}, stride {strides:?}, offset {offset}, storage of {len}");
        let small = |n: &i128| i64::try_from(*n).ok().filter(|n| (0..LIMIT).contains(n)).ok_or_else(described);
        let sizes_checked = sizes.iter().map(small).collect::<Result<Vec<i64>, String>>()?;
        let strides_checked = strides.iter().map(small).collect::<Result<Vec<i64>, String>>()?;
        let offset_checked = small(&offset)?;
        if sizes_checked.contains(&0) {
            // An empty tensor may name any offset; libtorch wants one inside of the storage.
            return Ok(Layout { sizes: sizes_checked, strides: strides_checked, offset: 0, elements: 0 });
        }
        let elements = sizes_checked.iter().try_fold(1_u64, |n, &size| n.checked_mul(size as u64));
        let elements = elements.filter(|&n| n < LIMIT as u64).ok_or_else(described)?;
        // At most 16 products below 2^80: no overflow.
        let reach: i128 = sizes.iter().zip(&strides).map(|(size, stride)| (size - 1) * stride).sum();
        if offset + reach >= len as i128 {
            return Err(described());
        }
        Ok(Layout { sizes: sizes_checked, strides: strides_checked, offset: offset_checked, elements })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_inside_its_storage_passes() {
        let column = Layout::check(&[2_i64], &[3], 1, 6).unwrap();
        assert_eq!(column, Layout { sizes: vec![2], strides: vec![3], offset: 1, elements: 2 });
        assert_eq!(Layout::check::<i64>(&[], &[], 5, 6).unwrap().elements, 1);
        // An empty tensor may point anywhere.
        assert_eq!(Layout::check(&[0_i64, 3], &[3, 1], 99, 6).unwrap().offset, 0);
    }

    #[test]
    fn a_layout_whose_reach_wraps_around_is_refused() {
        // (3 - 1) * 2^62 is -2^63 in wrapping 64-bit integers, which lies below every length.
        assert!(Layout::check(&[3_i64], &[1 << 62], 0, 6).is_err());
        assert!(Layout::check(&[1_i64 << 32, 1 << 31], &[1 << 31, 1], 0, 6).is_err());
        assert!(Layout::check(&[i64::MAX, i64::MAX], &[0, 0], 0, 6).is_err());
        assert!(Layout::check(&[7_i64], &[1], 0, 6).unwrap_err().contains("storage of 6"));
        assert!(Layout::check(&[1_i64; 17], &[1; 17], 0, 6).unwrap_err().contains("17 dimensions"));
        assert!(Layout::check(&[1_i64, 1], &[1], 0, 6).unwrap_err().contains("2 sizes and 1 strides"));
    }
}
