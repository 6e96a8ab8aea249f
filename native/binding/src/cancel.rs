use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi_derive::napi;

/// A flag that long native loops poll. `cancel()` stops running work too, unlike an `AbortSignal`, which stops queued work only.
#[napi]
pub struct CancelFlag {
    raised: Arc<AtomicBool>,
}

#[napi]
impl CancelFlag {
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { raised: Arc::new(AtomicBool::new(false)) }
    }

    /// Asks the work that holds this flag to stop; it rejects with `native/cancelled`.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }
}

impl CancelFlag {
    /// The shared flag, for crates that know nothing of Node.
    pub fn shared(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.raised)
    }
}
