//! A check's report for people.

use std::fmt::{self, Write};
use std::path::PathBuf;

use crate::data::check::{DataReport, ImageReport, Regenerated, SetReport};
use crate::quality::bicubic;
use crate::text::{Align, Table, grouped};

/// Ends without a newline.
impl fmt::Display for DataReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for set in &self.sets {
            writeln!(f, "{}\n", heading(set))?;
            if !set.images.is_empty() {
                writeln!(f, "{}\n", images(set))?;
            }
            writeln!(f, "{}\n", summary(set, self.scale))?;
            if !set.faults.is_empty() {
                writeln!(f, "{}\n", faults(set))?;
            }
        }
        match (self.faults(), self.sets.len()) {
            (0, 1) => f.write_str("Nothing wrong."),
            (0, n) => write!(f, "Nothing wrong in {n} data sets."),
            (n, _) => write!(f, "{}.", counted(n, "fault")),
        }
    }
}

fn heading(set: &SetReport) -> String {
    let folder = |folder: &Option<PathBuf>| match folder {
        Some(path) if path.as_os_str().is_empty() => "this folder".to_owned(),
        Some(path) => format!("{}/", path.display()),
        None => "none".to_owned(),
    };
    format!("{}: LR {}, HR {}", set.name, folder(&set.lr), folder(&set.hr))
}

fn images(set: &SetReport) -> Table {
    let right = |name| (name, Align::Right);
    let mut table =
        Table::new([("image", Align::Left), right("LR"), right("HR"), right("differing values"), right("by")]);
    for image in &set.images {
        table.row(row(image));
    }
    table
}

fn row(image: &ImageReport) -> [String; 5] {
    let size = |size: Option<[usize; 2]>| size.map_or("-".into(), |[height, width]| format!("{height} x {width}"));
    let (differing, by) = match image.regenerated {
        Some(Regenerated { differing, largest, .. }) => (grouped(differing), largest.to_string()),
        None => ("-".into(), "-".into()),
    };
    [image.image.clone(), size(image.lr), size(image.hr), differing, by]
}

fn summary(set: &SetReport, scale: u32) -> String {
    let mut text = counted(set.images.len(), "image");
    if set.images.is_empty() {
        text += " to check.";
    } else if set.hr.is_none() {
        text += " without HR: usable for efficiency, but PSNR cannot be measured.";
    } else if scale as usize != bicubic::SCALE {
        let _ = write!(text, "; LR was not regenerated: the integer bicubic is defined at scale {}.", bicubic::SCALE);
    } else {
        let (sum, compared) = set.regenerated();
        let _ = match sum.differing {
            0 if compared > 0 => write!(text, "; LR of {compared} is exactly the integer bicubic of HR."),
            differing => write!(
                text,
                "; LR of {compared} compared with the integer bicubic of HR: {} of {} values differ, by {} at most.",
                grouped(differing),
                grouped(sum.values),
                sum.largest
            ),
        };
    }
    if !set.ignored.is_empty() {
        let names: Vec<String> = set.ignored.iter().map(|path| path.display().to_string()).collect();
        let _ = write!(text, "\nNot PNG, passed over: {}.", names.join(", "));
    }
    text
}

fn faults(set: &SetReport) -> Table {
    let mut table = Table::new(["fault", "file", "what"].map(|name| (name, Align::Left)));
    for fault in &set.faults {
        table.row([fault.kind.name().to_owned(), fault.file.display().to_string(), fault.message.clone()]);
    }
    table
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
