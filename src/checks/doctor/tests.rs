//! Diagnoses of faked machines.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use crate::checks::doctor::*;
use crate::machine::Cpu;
use crate::machine::{Disk, Machine, SystemMemory};
use crate::machine::{Gpu, Nvidia};
use crate::protocol::{Device, Hello, VERSION};
use crate::worker_process::sandbox::Support;

const WHOLE: Support = Support { landlock: 6, seccomp: true };

fn hello(cuda: &str, devices: &[&str]) -> Hello {
    let device =
        |id: &&str| Device { id: (*id).to_owned(), name: id.starts_with("cuda").then(|| "NVIDIA A".to_owned()) };
    Hello {
        protocol: VERSION,
        worker: "esr-worker 0.1.0".into(),
        backend: "libtorch 2.11.0".into(),
        devices: devices.iter().map(device).collect(),
        architectures: vec!["imdn".into(), "rlfn".into()],
        details: json!({ "cuda": cuda }).as_object().unwrap().clone(),
    }
}

/// Nothing to complain about.
fn quiet() -> Machine {
    Machine {
        host: Some("bench".into()),
        system: Some("Debian GNU/Linux 12".into()),
        kernel: Some("6.1.0".into()),
        arch: "x86_64".into(),
        clock_source: Some("tsc".into()),
        cpu: Cpu {
            model: Some("Fast CPU".into()),
            sockets: Some(1),
            cores: Some(8),
            threads: Some(8),
            usable: Some(8),
            smt: Some(false),
            governors: vec!["performance".into()],
            turbo: Some(false),
            max_mhz: Some(4200.0),
            virtual_machine: Some(false),
            vector: vec!["avx2".into(), "fma".into()],
            load: Some([0.1, 0.2, 0.3]),
            ..Cpu::default()
        },
        memory: SystemMemory {
            total_bytes: Some(64 << 30),
            available_bytes: Some(60 << 30),
            ..SystemMemory::default()
        },
        disk: Some(Disk { folder: PathBuf::from("/bench"), free_bytes: 100 << 30, total_bytes: 200 << 30 }),
        nvidia: Nvidia {
            driver: Some("550.54".into()),
            cuda: Some("12.4".into()),
            gpus: vec![Gpu {
                name: Some("NVIDIA A".into()),
                compute_capability: Some("8.0".into()),
                memory_bytes: Some(40 << 30),
                used_bytes: Some(4 << 20),
                power_w: Some(51.3),
                power_limit_w: Some(250.0),
                persistence: Some(true),
                divided: Some(false),
                temperature_c: Some(31),
                processes: Some(0),
                ..Gpu::default()
            }],
            ..Nvidia::default()
        },
        environment: BTreeMap::new(),
    }
}

#[test]
fn a_machine_made_for_measuring() {
    let report = Examination::new(Facts {
        machine: quiet(),
        worker: Ok(hello("1 device(s)", &["cpu", "cuda:0"])),
        sandbox: WHOLE,
    });
    assert_eq!(report.worst(), Level::Good);
    insta::assert_snapshot!(report.table(false));
}

#[test]
fn everything_that_can_disturb_a_timing() {
    let mut machine = quiet();
    machine.clock_source = Some("hpet".into());
    machine.cpu = Cpu {
        cores: Some(4),
        usable: Some(6),
        quota: Some(1.5),
        smt: Some(true),
        governors: vec!["performance".into(), "powersave".into()],
        turbo: Some(true),
        vector: vec!["avx".into()],
        load: Some([3.25, 1.0, 0.5]),
        ..machine.cpu
    };
    machine.memory.available_bytes = Some(3 << 30);
    machine.memory.limit_bytes = Some(2 << 30);
    machine.disk = machine.disk.map(|disk| Disk { free_bytes: 1 << 30, ..disk });
    machine.nvidia.gpus[0] = Gpu {
        used_bytes: Some(9 << 30),
        graphics_mhz: Some(210),
        max_graphics_mhz: Some(1410),
        application_mhz: Some(1095),
        temperature_c: Some(84),
        persistence: Some(false),
        divided: Some(true),
        throttled: vec!["power cap".into()],
        processes: Some(2),
        ..machine.nvidia.gpus[0].clone()
    };
    let variables = [
        ("CUDA_LAUNCH_BLOCKING", "1"),
        ("NVIDIA_TF32_OVERRIDE", "0"),
        ("OMP_NUM_THREADS", "12"),
        ("OMP_WAIT_POLICY", "passive"),
        ("PYTORCH_CUDA_ALLOC_CONF", "backend:cudaMallocAsync"),
    ];
    machine.environment = variables.map(|(name, value)| (name.into(), value.into())).into();
    let report =
        Examination::new(Facts { machine, worker: Ok(hello("1 device(s)", &["cpu", "cuda:0"])), sandbox: WHOLE });
    assert_eq!(report.worst(), Level::Warning);
    insta::assert_snapshot!(report.table(false));
}

#[test]
fn a_virtual_machine_without_gpu_or_worker() {
    let mut machine = quiet();
    machine.nvidia = Nvidia { problem: Some("NVIDIA's driver is not loaded".into()), ..Nvidia::default() };
    machine.cpu = Cpu { governors: Vec::new(), turbo: None, virtual_machine: Some(true), ..machine.cpu };
    let report =
        Examination::new(Facts { machine, worker: Err("no worker at /bench/esr-worker".into()), sandbox: WHOLE });
    assert_eq!(report.worst(), Level::Problem);
    insta::assert_snapshot!(report.table(false));
}

#[test]
fn a_gpu_that_libtorch_cannot_use() {
    let worker = Ok(hello("this libtorch is built for CPUs alone (no libtorch_cuda.so)", &["cpu"]));
    let report = Examination::new(Facts { machine: quiet(), worker: worker.clone(), sandbox: WHOLE });
    let warning = |report: &Examination| report.findings.iter().find(|f| f.level == Level::Warning).cloned().unwrap();
    assert!(warning(&report).what.contains("built for CPUs alone"));
    assert!(warning(&report).remedy.unwrap().contains("LIBTORCH"));

    let mut machine = quiet();
    machine.environment.insert("CUDA_VISIBLE_DEVICES".into(), "-1".into());
    let report = Examination::new(Facts { machine, worker, sandbox: WHOLE });
    assert_eq!(warning(&report).remedy.unwrap(), "CUDA_VISIBLE_DEVICES=-1 hides devices: unset it");
}

#[test]
fn a_machine_that_tells_nothing_is_still_examined() {
    let report =
        Examination::new(Facts { machine: Machine::default(), worker: Ok(hello("", &["cpu"])), sandbox: WHOLE });
    assert!(report.worst() <= Level::Note, "{}", report.table(false));
}
