//! The machine of a run in a few lines, without what is nobody's business on a public page: host name, folders, variables.

use crate::machine::Machine;
use crate::page::detail::Fact;

/// The facts that figures depend on.
pub(super) fn facts(machine: &Machine, device: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: Option<String>| facts.extend(value.map(|value| Fact::new(name, value)));
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    if device.starts_with("cuda") {
        let number: u32 = device.trim_start_matches("cuda:").parse().unwrap_or(0);
        let gpu = machine.nvidia.gpus.iter().find(|g| g.index == number).or(machine.nvidia.gpus.first());
        add("GPU", gpu.and_then(|g| g.name.clone()));
        add("GPU memory", gpu.and_then(|g| g.memory_bytes).map(gib));
        let clock = gpu.and_then(|g| Some(format!("{} of {} MHz", g.graphics_mhz?, g.max_graphics_mhz?)));
        add("GPU clock", clock);
        add("Driver", machine.nvidia.driver.clone());
    }
    let cpu = &machine.cpu;
    add("Processor", cpu.model.clone());
    add(
        "Threads",
        cpu.usable.map(|usable| match cpu.threads {
            Some(all) if all != usable => format!("{usable} of {all} usable"),
            _ => usable.to_string(),
        }),
    );
    add("Governor", (!cpu.governors.is_empty()).then(|| cpu.governors.join(", ")));
    add("Virtual machine", cpu.virtual_machine.map(|yes| if yes { "yes" } else { "no" }.to_owned()));
    add("Memory", machine.memory.total_bytes.map(gib));
    add("System", machine.system.clone());
    add("Kernel", machine.kernel.clone());
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_host_nor_folders_nor_variables_are_told() {
        let mut machine = Machine { host: Some("secret-host".into()), ..Machine::default() };
        machine.cpu.model = Some("Fast CPU".into());
        machine.environment.insert("LIBTORCH".into(), "/home/somebody/libtorch".into());
        let told = format!("{:?}", facts(&machine, "cpu"));
        assert!(told.contains("Fast CPU") && !told.contains("secret") && !told.contains("somebody"), "{told}");
    }
}
