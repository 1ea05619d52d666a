//! Numbers and words as every output writes them.

use std::borrow::Cow;

use crate::util::chars::is_deceptive;

/// A number with fixed decimals; never `-0.00`.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// How many decimals a figure deserves whose 95 % interval is this far to each side: two digits of the uncertainty, at most
/// `most`. Without an uncertainty: `most`.
pub fn decimals_for(half_width: f64, most: usize) -> usize {
    if !half_width.is_finite() || half_width <= 0.0 {
        return most;
    }
    let digits = 1.0 - half_width.log10().floor();
    if digits <= 0.0 { 0 } else { (digits as usize).min(most) }
}

/// A whole number with thin groups of three: `1 250 000`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `(3)`.
pub fn rank(rank: u32) -> String {
    format!("({rank})")
}

/// `27.11 (1)`, as the challenge prints it; the value alone without a rank.
pub fn with_rank(value: &str, place: Option<u32>) -> String {
    place.map_or_else(|| value.to_owned(), |r| format!("{value} {}", rank(r)))
}

/// The first letter upper-case, unless the word has its own spelling (`FLOPs`, `PSNR`).
pub fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The text on one line, with characters that act instead of being seen (an escape sequence in a team's name, a change of
/// writing direction) made visible and harmless.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if is_deceptive(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// The text if it has at most `most` characters, else its beginning and how long it is.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}... ({} characters)", &text[..end], text.chars().count())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_the_noise_allows() {
        assert_eq!(fixed(27.105, 2), "27.11");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-0.01, 2), "-0.01");
        assert_eq!(fixed(f64::NAN, 2), "NaN");
        assert_eq!([0.0123, 0.12, 1.2, 12.0, 120.0, 0.0].map(|h| decimals_for(h, 3)), [3, 2, 1, 0, 0, 3]);
        assert_eq!(shortened("né", 2), "né");
        assert_eq!(shortened("néé", 2), "né... (3 characters)");
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
    }
}
