use napi_derive::napi;

/// Version of the zstd library that compresses, as `1.5.7`. Manifests name it, since bytes depend on it.
#[napi(catch_unwind)]
pub fn zstd_version() -> String {
    zstd::zstd_safe::version_string().to_owned()
}
