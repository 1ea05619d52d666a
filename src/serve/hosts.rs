//! By which names the server may be called. A page from elsewhere that makes its own name point to this machine is refused.

use std::net::SocketAddr;

/// The values of the header `Host` that are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    allowed: Vec<String>,
}

impl Hosts {
    /// The address itself, the machine's own names where it is a loopback address, and `more`.
    pub fn new(address: SocketAddr, more: &[String]) -> Hosts {
        let mut names: Vec<String> = vec![address.ip().to_string()];
        if address.is_ipv6() {
            names = vec![format!("[{}]", address.ip())];
        }
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            names.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        }
        names.extend(more.iter().cloned());
        let port = address.port();
        let with_port = |name: String| [name.clone(), format!("{name}:{port}")];
        Hosts { allowed: names.into_iter().map(|n| n.to_ascii_lowercase()).flat_map(with_port).collect() }
    }

    /// Whether a request with this header is answered.
    pub fn allow(&self, host: Option<&str>) -> bool {
        host.is_some_and(|host| self.allowed.contains(&host.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called_by_default() {
        let hosts = Hosts::new("127.0.0.1:8022".parse().unwrap(), &[]);
        for good in ["127.0.0.1:8022", "localhost:8022", "LOCALHOST:8022", "localhost"] {
            assert!(hosts.allow(Some(good)), "{good}");
        }
        for bad in ["evil.example", "evil.example:8022", "localhost:80", "127.0.0.1.evil.example:8022", ""] {
            assert!(!hosts.allow(Some(bad)), "{bad}");
        }
        assert!(!hosts.allow(None));
        let hosts = Hosts::new("192.0.2.7:80".parse().unwrap(), &["bench.example".to_owned()]);
        assert!(hosts.allow(Some("bench.example:80")) && hosts.allow(Some("192.0.2.7")));
        assert!(!hosts.allow(Some("localhost:80")));
    }
}
