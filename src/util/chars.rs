//! Characters that make a terminal or a reader see something else than what is there.

/// Whether a character acts instead of being seen: control characters (escape sequences begin with one), line and paragraph
/// separators, the controls of writing direction, and invisible format characters. The joiners that scripts and emoji need
/// (U+200C, U+200D) are no such characters.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with every deceptive character but line ends and tabs written as JSON writes it: `\u001b`. In a JSON document, where such
/// characters can only stand in strings, the meaning stays the same.
pub fn visible(text: &str) -> String {
    if !text.contains(|c| !matches!(c, '\n' | '\t') && is_deceptive(c)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '\n' | '\t' => out.push(c),
            // The end of a line of a file that was written elsewhere.
            '\r' if text[at + 1..].starts_with('\n') => out.push(c),
            c if is_deceptive(c) => escape(c, &mut out),
            c => out.push(c),
        }
    }
    out
}

/// As [`visible`], but sequences that set colours (`ESC [ 1;31 m`) stay as they are.
pub fn visible_but_colour(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\u{1b}') {
        out.push_str(&visible(&rest[..start]));
        let sequence = rest[start + 1..].strip_prefix('[').and_then(|parameters| {
            let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            parameters[end..].starts_with('m').then_some(start + 2 + end + 1)
        });
        let end = sequence.unwrap_or(start + 1);
        out.push_str(&if sequence.is_some() { rest[start..end].to_owned() } else { visible(&rest[start..end]) });
        rest = &rest[end..];
    }
    out + &visible(rest)
}

/// As [`visible`], on one line: line ends and tabs are escaped as well.
pub fn visible_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_deceptive(c) => escape(c, &mut out),
            c => out.push(c),
        }
    }
    out
}

fn escape(c: char, out: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_escaped_and_what_is_seen_stays() {
        assert_eq!(
            visible("a\u{1b}[31mb\u{202e}c\r\u{9b}d\u{e0041}\n"),
            r"a\u001b[31mb\u202ec\u000d\u009bd\udb40\udc41".to_owned() + "\n"
        );
        assert_eq!(visible_line("a\nb\tc"), r"a\nb\tc");
        let seen = "Tëam 東京 ‑ – “q” עברית नि\u{200d} 👩\u{200d}🔬";
        assert_eq!(visible(seen), seen);
    }

    #[test]
    fn colour_stays_and_all_else_is_escaped() {
        let coloured = "\u{1b}[1;31mred\u{1b}[0m";
        assert_eq!(visible_but_colour(coloured), coloured);
        assert_eq!(visible_but_colour("\u{1b}]0;t\u{7}\u{1b}[2J\u{1b}"), r"\u001b]0;t\u0007\u001b[2J\u001b");
    }

    #[test]
    fn a_json_document_means_the_same() {
        let value = serde_json::json!({ "a\u{202e}": "b\u{7f}\u{e0041}" });
        let text = visible(&serde_json::to_string(&value).unwrap());
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
