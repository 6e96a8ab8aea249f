use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use napi::{Env, Error, JsError, JsValue, Result, Status};
use stella_jsonl::WriteError;

/// What JavaScript gets as `error.code`, `error.message`, `error.recordKey` and `error.field`.
#[derive(Debug, Clone)]
pub struct NativeError {
    pub code: &'static str,
    pub message: String,
    pub record_key: Option<String>,
    pub field: Option<String>,
}

impl NativeError {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), record_key: None, field: None }
    }
}

/// Keeps the typed error of a task between `compute`, which may only return a napi error, and `reject`, which can set fields.
#[derive(Default)]
pub struct Fault {
    parked: Option<NativeError>,
}

impl Fault {
    /// Runs the work of a task. A typed error is parked; a panic becomes `internal`, never a crash.
    pub fn guard<T>(&mut self, work: impl FnOnce() -> std::result::Result<T, NativeError>) -> Result<T> {
        let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(NativeError::new("internal", panic_text(&*panic))));
        outcome.map_err(|error| {
            let reason = error.message.clone();
            self.parked = Some(error);
            Error::new(Status::GenericFailure, reason)
        })
    }

    /// As `guard`: whatever failed after the work was cancelled, failed since it was.
    pub fn guard_cancelled<T>(&mut self, cancel: &AtomicBool, work: impl FnOnce() -> std::result::Result<T, NativeError>) -> Result<T> {
        self.guard(|| work().map_err(|error| if cancel.load(Ordering::Relaxed) { WriteError::cancelled().into() } else { error }))
    }

    /// The error to reject with: the parked one with its fields set, else the one napi gave.
    pub fn reject(&mut self, env: Env, error: Error) -> Error {
        match self.parked.take() {
            Some(parked) => into_js(env, parked).unwrap_or_else(|failed| failed),
            None => error,
        }
    }
}

/// An error for a method that answers at once to throw.
pub fn thrown(env: Env, error: NativeError) -> Error {
    into_js(env, error).unwrap_or_else(|failed| failed)
}

fn into_js(env: Env, parked: NativeError) -> Result<Error> {
    let value = JsError::from(Error::new(parked.code, parked.message)).into_unknown(env);
    let mut object = value.coerce_to_object()?;
    object.set("recordKey", parked.record_key)?;
    object.set("field", parked.field)?;
    Ok(Error::from(object.to_unknown()))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the native module panicked: {}", said.unwrap_or_else(|| "no message".into()))
}
