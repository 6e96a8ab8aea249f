/// Bounds on archives and compressed data, so that a small upload cannot grow without end.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveLimits {
    /// Members of all archives of an upload together.
    pub max_entries: u64,
    /// Bytes that come out of all compressed data of an upload together.
    pub max_decompressed_bytes: u64,
    /// How many times its compressed size one compressed stream may have, once it is larger than `ratio_free_bytes`.
    pub max_ratio: u64,
    /// What a compressed stream may have whatever its ratio.
    pub ratio_free_bytes: u64,
    /// Archives within each other.
    pub max_nesting: u32,
    /// Base-2 logarithm of the largest window of a zstd frame, which is memory to read it: 10 to 31.
    pub max_window_log: u32,
}
