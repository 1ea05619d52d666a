//! The worker, and the devices that its libtorch can use.

use serde_json::Value;

use crate::checks::doctor::diagnosis::{Diagnosis, Level, counted};
use crate::machine::Machine;
use crate::protocol::Hello;

const AREA: &str = "worker";

pub(super) fn examine(worker: &Result<Hello, String>, machine: &Machine) -> Vec<Diagnosis> {
    let hello = match worker {
        Ok(hello) => hello,
        Err(reason) => {
            return vec![Diagnosis::new(AREA, Level::Problem, format!("no network can run: {reason}")).remedy(
                "run `make setup` for libtorch and `cargo build` for the worker; ranking and reports work without it",
            )];
        }
    };
    let known = counted(hello.architectures.len(), "architecture");
    let mut findings =
        vec![Diagnosis::new(AREA, Level::Good, format!("{} on {}, {known}", hello.worker, hello.backend))];
    let devices = hello.devices.iter().map(|device| match &device.name {
        Some(name) => format!("{} ({name})", device.id),
        None => device.id.clone(),
    });
    findings.push(Diagnosis::new(
        AREA,
        Level::Good,
        format!("runs networks on {}", devices.collect::<Vec<_>>().join(", ")),
    ));
    if !hello.devices.iter().any(|device| device.id.starts_with("cuda")) {
        findings.push(no_cuda(hello, machine));
    }
    findings
}

fn no_cuda(hello: &Hello, machine: &Machine) -> Diagnosis {
    let reason = match hello.details.get("cuda") {
        Some(Value::String(reason)) => format!(": {reason}"),
        _ => String::new(),
    };
    let shown = machine.nvidia.gpus.len();
    if shown == 0 {
        return Diagnosis::new(
            AREA,
            Level::Note,
            "no GPU: runtimes and memory of the CPU are not comparable with a challenge's table".to_owned(),
        );
    }
    let what = format!("the driver shows {}, but libtorch can use none{reason}", counted(shown, "GPU"));
    let finding = Diagnosis::new(AREA, Level::Warning, what);
    match machine.environment.get("CUDA_VISIBLE_DEVICES") {
        Some(hidden) => finding.remedy(format!("CUDA_VISIBLE_DEVICES={hidden} hides devices: unset it")),
        None => finding.remedy(
            "put a Python with a CUDA build of torch 2.11.0 on the PATH, or set LIBTORCH to such a libtorch; then `make setup`",
        ),
    }
}
