//! `esr-bench serve`: shows runs as live pages in a browser on this machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use esr_bench::rules::Rules;
use esr_bench::serve::{Hosts, Site, serve};
use esr_bench::{Result, exit, util};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of run directories, or one run directory
    #[arg(value_name = "RESULTS", default_value = "results")]
    results: PathBuf,
    /// Address to listen on; another one than the default shows the runs to other machines
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Port; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8022)]
    port: u16,
    /// Host name that browsers may use besides the address; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Rules: an edition's id, its folder, or a file
    #[arg(long, value_name = "ID|FILE", default_value = "ntire2022")]
    rules: String,
    /// Scheduling priority of the server: 0 is normal, 19 is the lowest
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i32).range(0..=19))]
    nice: i32,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    util::priority::lower(args.nice)?;
    let rules = Rules::find(&args.rules)?;
    serve(SocketAddr::new(args.address, args.port), |address| {
        super::output::print(&format!("Serving {} on http://{address}/ (Ctrl-C ends it)\n", args.results.display()))?;
        Ok(Site::new(args.results.clone(), rules, Hosts::new(address, &args.host)))
    })?;
    Ok(exit::DONE)
}
