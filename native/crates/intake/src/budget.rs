use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes of documents that may be in flight between the splitter and whoever takes the rows, and the flag that ends all of it.
#[derive(Debug)]
pub(crate) struct Budget {
    most: usize,
    used: Mutex<usize>,
    freed: Condvar,
    cancelled: AtomicBool,
}

impl Budget {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, used: Mutex::new(0), freed: Condvar::new(), cancelled: AtomicBool::new(false) }
    }

    /// Waits for room. What is larger than the whole budget passes when nothing else is in flight. `false` once cancelled.
    pub(crate) fn acquire(&self, bytes: usize) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_cancelled() {
            if *used == 0 || *used + bytes <= self.most {
                *used += bytes;
                return true;
            }
            used = self.freed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        false
    }

    pub(crate) fn release(&self, bytes: usize) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) -= bytes;
        self.freed.notify_all();
    }

    pub(crate) fn cancel(&self) {
        // The lock is taken so that no waiter can look at the flag before and sleep after.
        let _used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        self.cancelled.store(true, Ordering::Relaxed);
        self.freed.notify_all();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
