//! Networks that a run has both as Python code and in another form, for people.

use crate::results::{CostDifference, Forms, SameSr};
use crate::text::{Align, Table, fixed};

/// One row for each pair of forms, with the cost of launching operations from Python.
pub fn table(forms: &[Forms], colour: bool) -> String {
    if forms.is_empty() {
        return "This run has no network both as Python code and in another form.\n".to_owned();
    }
    let mut rows = Table::new([
        ("eager", Align::Left),
        ("other form", Align::Left),
        ("class", Align::Left),
        ("eager [ms]", Align::Right),
        ("other [ms]", Align::Right),
        ("launch overhead [ms]", Align::Right),
        ("rounds [ms]", Align::Right),
        ("SR", Align::Left),
        ("costs", Align::Left),
    ])
    .colour(colour);
    for form in forms {
        let mut cells = vec![form.eager.clone(), form.other.clone(), form.class.name().to_owned()];
        cells.extend(match &form.overhead {
            Some(o) => {
                let percent = fixed(100.0 * o.overhead_ms / o.other_ms, 1);
                let low = o.rounds_ms.iter().copied().fold(f64::INFINITY, f64::min);
                let high = o.rounds_ms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                [
                    fixed(o.eager_ms, 2),
                    fixed(o.other_ms, 2),
                    format!("{} ({percent} %)", fixed(o.overhead_ms, 2)),
                    format!("{} to {}", fixed(low, 2), fixed(high, 2)),
                ]
            }
            None => ["-", "-", "-", "-"].map(ToOwned::to_owned),
        });
        cells.push(sr(&form.sr));
        cells.push(costs(form.costs.as_deref()));
        rows.row(cells);
    }
    format!(
        "{rows}\n\nLaunch overhead: eager minus the other form, median over the rounds that both have.\n\
         Costs: params, FLOPs by each convention, activations and #conv of the two recorded graphs.\n"
    )
}

fn costs(costs: Option<&[CostDifference]>) -> String {
    match costs {
        None => "not compared".to_owned(),
        Some([]) => "the same".to_owned(),
        Some(all) => {
            let each = all.iter().map(|c| format!("{}: {} eager, {} other", c.cost, c.eager, c.other));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

fn sr(sr: &SameSr) -> String {
    match (sr.images, sr.images - sr.same, sr.largest_db) {
        (0, ..) => "not compared".to_owned(),
        (all, 0, _) => format!("the same to the byte on {all} images"),
        (all, differ, Some(db)) => format!("differs on {differ} of {all} images, by at most {} dB", fixed(db, 4)),
        (all, differ, None) => format!("differs on {differ} of {all} images; without HR not in dB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Trust;
    use crate::results::Overhead;

    #[test]
    fn the_table_tells_the_overhead_and_the_difference_of_sr() {
        let overhead = Overhead { eager_ms: 13.0, other_ms: 10.0, rounds_ms: vec![2.0, 3.0, 4.0], overhead_ms: 3.0 };
        let form = |other: &str, overhead, sr, costs| Forms {
            eager: "04_RLFN".into(),
            other: other.into(),
            class: Trust::Program,
            overhead,
            sr,
            costs,
        };
        let differs = CostDifference { cost: "#conv".into(), eager: 39, other: 40 };
        let forms = [
            form(
                "04_RLFN-program",
                Some(overhead),
                SameSr { images: 5, same: 3, largest_db: Some(0.00012) },
                Some(vec![differs]),
            ),
            form("other", None, SameSr { images: 5, same: 5, largest_db: None }, Some(Vec::new())),
        ];
        insta::assert_snapshot!(table(&forms, false), @r"
        eager    other form       class    eager [ms]  other [ms]  launch overhead [ms]   rounds [ms]  SR                                              costs
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
        04_RLFN  04_RLFN-program  program       13.00       10.00         3.00 (30.0 %)  2.00 to 4.00  differs on 2 of 5 images, by at most 0.0001 dB  #conv: 39 eager, 40 other
        04_RLFN  other            program           -           -                     -             -  the same to the byte on 5 images                the same

        Launch overhead: eager minus the other form, median over the rounds that both have.
        Costs: params, FLOPs by each convention, activations and #conv of the two recorded graphs.
        ");
    }
}
