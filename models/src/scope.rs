//! Which module is running: what PyTorch knows from its `nn.Module`s, told to whoever records the operations.
//!
//! Without an observer, entering a scope costs one thread-local load.

use std::cell::{Cell, RefCell};

/// Hears of modules being entered and left, on the thread that runs the network.
pub trait Observer {
    /// A module's forward begins. `path` is its place in the network (`B1.esa`), `class` its PyTorch class (`Conv2d`).
    fn enter(&mut self, path: &str, class: &str);
    /// The innermost module's forward ends.
    fn leave(&mut self);
}

thread_local! {
    static ACTIVE: Cell<bool> = const { Cell::new(false) };
    static OBSERVER: RefCell<Option<Box<dyn Observer>>> = const { RefCell::new(None) };
}

/// Sets this thread's observer, or takes it away; returns the one before.
pub fn observe(observer: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
    ACTIVE.set(observer.is_some());
    OBSERVER.replace(observer)
}

/// Lasts as long as the module's forward.
#[must_use = "the scope ends when this is dropped"]
pub struct Entered(bool);

/// Enters a module until the result is dropped.
pub fn enter(path: &str, class: &str) -> Entered {
    let active = ACTIVE.get();
    if active {
        OBSERVER.with_borrow_mut(|o| {
            if let Some(o) = o {
                o.enter(path, class);
            }
        });
    }
    Entered(active)
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0 {
            OBSERVER.with_borrow_mut(|o| {
                if let Some(o) = o {
                    o.leave();
                }
            });
        }
    }
}
