use stella_bundle::BundleError;

use crate::fault::NativeError;

impl From<BundleError> for NativeError {
    fn from(error: BundleError) -> Self {
        let code = match &error {
            BundleError::Path { .. } => "bundle/invalid",
            BundleError::Option(_) => "request/invalid",
            BundleError::Short { .. } => "blob/short",
            BundleError::Long { .. } | BundleError::TooLarge { .. } => "blob/long",
            BundleError::Altered { .. } => "blob/altered",
            BundleError::Absent { .. } => "blob/absent",
            BundleError::Full { .. } => "blob/full",
            BundleError::Io { .. } => "native/io",
            BundleError::Cancelled => "native/cancelled",
            _ => "internal",
        };
        Self::new(code, error.to_string())
    }
}

/// A count or size that came as a JavaScript number.
///
/// # Errors
/// `request/invalid`, with the field, unless it is a whole number from 0 to 2^53.
pub fn whole(number: f64, field: &str) -> Result<u64, NativeError> {
    const BEYOND_SAFE: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && (0.0..BEYOND_SAFE).contains(&number) {
        return Ok(number as u64);
    }
    let refused = NativeError::new("request/invalid", format!("{field} must be a whole number from 0 to 2^53 - 1: it is {number}"));
    Err(NativeError { field: Some(field.into()), ..refused })
}
