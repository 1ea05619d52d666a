//! SIGINT, SIGTERM and SIGHUP: each ends `measure` with exit code 130 and a message, at any moment.
//!
//! Before and after measuring, at once. While a session measures, the first signal lets it end between two requests, so that
//! the log says what happened; the second one ends it at once, and the kernel ends the worker with it.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::{Error, Result};
use crate::exit;

/// Listens for signals as long as the process lives.
#[derive(Debug, Clone)]
pub struct Interrupt {
    heard: Arc<AtomicBool>,
    measuring: Arc<AtomicBool>,
}

impl Interrupt {
    /// Begins to listen.
    pub fn listen() -> Result<Interrupt> {
        let interrupt = Interrupt { heard: Arc::default(), measuring: Arc::default() };
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
            .map_err(Error::io("set", "the handlers of SIGINT, SIGTERM and SIGHUP"))?;
        let told = interrupt.clone();
        std::thread::spawn(move || {
            for _ in signals.forever() {
                let first = !told.heard.swap(true, Ordering::SeqCst);
                if first && told.measuring.load(Ordering::SeqCst) {
                    say("interrupted: ending the request that is under way (a second signal ends it at once)");
                } else {
                    say("interrupted");
                    std::process::exit(exit::INTERRUPTED.into());
                }
            }
        });
        Ok(interrupt)
    }

    /// What a session looks at.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.heard.clone()
    }

    /// From now on, until [`Interrupt::end_measuring`], a first signal is only noted.
    pub fn begin_measuring(&self) {
        self.measuring.store(true, Ordering::SeqCst);
    }

    /// From now on a signal ends the process at once. Whether one came in the meantime.
    pub fn end_measuring(&self) -> bool {
        self.measuring.store(false, Ordering::SeqCst);
        self.heard.load(Ordering::SeqCst)
    }
}

/// The terminal may be gone: then nobody reads this.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
