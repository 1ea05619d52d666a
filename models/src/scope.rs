//! Reports which module is running to an observer, as PyTorch's hooks would. This file uses no other room.
//!
//! Without an observer, entering a scope costs one thread-local load.

use std::cell::{Cell, RefCell};

/// Is told when a module is entered or left, on the thread that runs the network.
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

/// Sets or removes this thread's observer and returns the previous one.
pub fn observe(observer: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
    ACTIVE.set(observer.is_some());
    OBSERVER.replace(observer)
}

/// The module's forward runs while this exists.
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
