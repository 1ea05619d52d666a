//! From the page's data to one HTML document.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::page::model::Page;
use crate::page::scripts::{LIVE, PARTS, START, STYLE, TEMPLATE};

/// Where the page lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In a file: it opens no connection, and its policy forbids any.
    File,
    /// Served, and kept up to date by the same server.
    Live,
}

/// Writes the page down.
///
/// # Errors
/// The template does not fit the data.
pub fn render(page: &Page, mode: Mode) -> Result<String> {
    let mut script = format!("\"use strict\";\n{}", PARTS.concat());
    if mode == Mode::Live {
        script.push_str(LIVE);
    }
    script.push_str(START);
    let json = serde_json::to_string(&without_pictures(page))
        .map_err(|e| Error::Usage(format!("a page that JSON cannot hold: {e}")))?;
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; connect-src {}; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(STYLE),
        if mode == Mode::Live { "'self'" } else { "'none'" }
    );
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_filter("fixed", |value: f64, decimals: usize| crate::text::fixed(value, decimals));
    environment.add_filter("grouped", |value: u64| crate::text::grouped(value));
    let broken = |error: minijinja::Error| Error::Usage(format!("the page's template: {error:#}"));
    environment.add_template("page.html", TEMPLATE).map_err(broken)?;
    let context = context! {
        page => Value::from(Serde(page)),
        live => mode == Mode::Live,
        made => page.made.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        policy => policy,
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(script),
        data => Value::from_safe_string(in_script(&json)),
    };
    environment.get_template("page.html").and_then(|t| t.render(context)).map_err(broken)
}

/// The page's data for its script, which finds the pictures in the document.
fn without_pictures(page: &Page) -> Page {
    let mut page = page.clone();
    for comparison in &mut page.comparisons {
        for panel in comparison.references.iter_mut().chain(&mut comparison.panels) {
            panel.shot.src.clear();
        }
    }
    page
}

/// JSON that no HTML parser can take for an end tag or a comment, and that is JavaScript as well.
fn in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// How a policy names a text that may run.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Entry, Metric};
    use crate::page::table::{Cell, Column, Row, RowKind, TrackTable};
    use proptest::prelude::*;

    /// A page on which every free text is `text`.
    fn page(text: &str) -> Page {
        let mut entry = Entry { team: text.into(), failure: Some(text.into()), ..Entry::default() };
        entry.notes = vec![text.into()];
        entry.metrics.insert(Metric::RuntimeMs, 12.5);
        let cell = Cell { text: text.into(), exact: text.into(), ..Cell::default() };
        let row = Row {
            kind: RowKind::Unranked,
            entry: 0,
            rank: None,
            interval: None,
            reason: Some(text.into()),
            cells: vec![cell.clone(), cell],
        };
        let column = |name: &str| Column { name: name.into(), heading: text.into(), numeric: false };
        let track = TrackTable {
            name: text.into(),
            title: text.into(),
            score: text.into(),
            columns: vec![column("team"), column("reason")],
            rows: vec![row.clone(), row],
            notes: vec![text.into()],
        };
        Page::new(text.into(), vec![track.clone(), track], &[entry])
    }

    /// The characters that make an HTML document what it is, in their order.
    fn bones(html: &str) -> String {
        html.chars().filter(|c| matches!(c, '<' | '>' | '"')).collect()
    }

    fn data(html: &str) -> serde_json::Value {
        let rest = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap().1;
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    fn holds(text: &str) {
        let (page, benign) = (page(text), page("x"));
        let (html, plain) = (render(&page, Mode::File).unwrap(), render(&benign, Mode::File).unwrap());
        let outside = |html: &str| {
            let (before, rest) = html.split_once("id=\"data\">").unwrap();
            let (json, after) = rest.split_once("</script>").unwrap();
            assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
            format!("{before}{after}")
        };
        assert_eq!(bones(&outside(&html)), bones(&outside(&plain)), "the document's structure hangs on {text:?}");
        let mut expected = serde_json::to_value(&page).unwrap();
        expected["made"] = data(&html)["made"].clone();
        assert_eq!(data(&html), expected);
    }

    #[test]
    fn known_attacks_are_text() {
        for text in [
            "</script><script>alert(1)</script>",
            "<!--<script>",
            "\" onmouseover=\"alert(1)",
            "' onfocus='alert(1)' autofocus='",
            "<img src=x onerror=alert(1)>",
            "\u{2028}alert(1)\u{2029}",
            "{{ page }} {% raw %}",
            "&lt;b&gt; &#60;b&#62;",
            "</title></style></textarea>",
            "\u{202e}txt.exe\0\u{feff}",
            "]]>-->",
        ] {
            holds(text);
        }
    }

    #[test]
    fn neither_script_nor_style_ends_early() {
        assert!(PARTS.iter().chain([&LIVE, &START]).all(|part| !part.contains("</script")));
        assert!(!STYLE.contains("</style"));
    }

    #[test]
    fn the_live_page_may_ask_its_own_server_and_a_file_nobody() {
        let html = |mode| render(&page("x"), mode).unwrap();
        assert!(html(Mode::File).contains("connect-src &#x27;none&#x27;"));
        assert!(html(Mode::Live).contains("connect-src &#x27;self&#x27;"));
        assert!(!html(Mode::File).contains("fetch("));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_text_changes_the_structure(text in "[ -~]{0,12}[<>&\"'/!\\-\\u{2028}\\u{2029}a-z=]{0,24}\\PC{0,8}") {
            holds(&text);
        }
    }
}
