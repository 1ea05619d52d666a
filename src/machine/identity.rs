//! Which machine this is: the facts that two sessions of one run must share.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::Machine;

/// What a machine is known by. What a system does not tell is absent, and then differs from nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Identity {
    /// The host's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The processor's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The models of all GPUs, in the driver's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<String>,
    /// The version of NVIDIA's driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
}

impl Machine {
    /// What it is known by.
    pub fn identity(&self) -> Identity {
        Identity {
            host: self.host.clone(),
            cpu: self.cpu.model.clone(),
            gpus: self.nvidia.gpus.iter().map(|gpu| gpu.name.clone().unwrap_or_default()).collect(),
            driver: self.nvidia.driver.clone(),
        }
    }
}

impl Identity {
    /// As [`Identity::differences`], but for the host: two machines of one type.
    pub fn type_differences(&self, now: &Identity) -> Vec<String> {
        self.differences(&Identity { host: self.host.clone(), ..now.clone() })
    }

    /// What differs, each as `host: a before, b now`; empty: it may be the same machine.
    pub fn differences(&self, now: &Identity) -> Vec<String> {
        let gpus = |machine: &Identity| Some(machine.gpus.join(", ")).filter(|names| !names.is_empty());
        let facts = [
            ("host", self.host.clone(), now.host.clone()),
            ("CPU", self.cpu.clone(), now.cpu.clone()),
            ("GPU", gpus(self), gpus(now)),
            ("driver", self.driver.clone(), now.driver.clone()),
        ];
        facts
            .into_iter()
            .filter_map(|(what, before, now)| {
                let (before, now) = (before?, now?);
                (before != now).then(|| format!("{what}: {before} before, {now} now"))
            })
            .collect()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<&str> = self.host.iter().chain(&self.cpu).map(String::as_str).collect();
        parts.extend(self.gpus.iter().map(String::as_str));
        let driver = self.driver.as_ref().map(|version| format!("driver {version}"));
        parts.extend(driver.as_deref());
        if parts.is_empty() {
            f.write_str("a machine that tells nothing of itself")
        } else {
            f.write_str(&parts.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(host: &str, driver: Option<&str>) -> Identity {
        Identity { host: Some(host.into()), driver: driver.map(str::to_owned), ..Identity::default() }
    }

    #[test]
    fn another_host_or_driver_is_another_machine() {
        assert!(machine("a", Some("550")).differences(&machine("a", Some("550"))).is_empty());
        assert_eq!(machine("a", None).differences(&machine("b", None)), ["host: a before, b now"]);
        assert_eq!(machine("a", Some("550")).differences(&machine("a", Some("560"))), ["driver: 550 before, 560 now"]);
        assert!(machine("a", Some("550")).type_differences(&machine("b", Some("550"))).is_empty());
        assert_eq!(machine("a", Some("550")).type_differences(&machine("b", Some("560"))).len(), 1);
        assert!(
            machine("a", None).differences(&machine("a", Some("560"))).is_empty(),
            "what was not told cannot differ"
        );
    }
}
