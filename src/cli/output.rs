//! Standard output, and the formats that a command can write.

use std::io::{ErrorKind, Write};

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use esr_bench::report::{Format, colour_on_stdout};
use esr_bench::util::chars;
use esr_bench::{Error, Result};
use serde::Serialize;

/// Prints to standard output; a closed pipe (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    // Every format escapes what it repeats; nothing that one forgets gets through here either.
    let text = if colour_on_stdout() { chars::visible_but_colour(text) } else { chars::visible(text) };
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::io("write", "standard output")(error)),
        _ => Ok(()),
    }
}

/// A value as indented JSON with a newline at the end.
pub(crate) fn json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::io("write", "JSON")(e.into()))?;
    Ok(text + "\n")
}

/// A parser that accepts these formats alone; the help lists them.
pub(crate) fn formats(accepted: &'static [Format]) -> impl TypedValueParser<Value = Format> {
    let values = accepted.iter().filter_map(Format::to_possible_value);
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Format>())
}
