//! Writes the COPY stream of an upload to standard output, and what was refused and how fast it went to standard error.
//!
//! `cargo run --release -p stella-intake --example copy_stream -- UPLOAD [THREADS] > rows.pgcopy`

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use stella_intake::{ArchiveLimits, Cancel, Format, Intake, IntakeOptions, Mappings};
use stella_projection::{MappingError, Projection};

const ARCHIVES: ArchiveLimits = ArchiveLimits {
    max_entries: 5_000_000,
    max_decompressed_bytes: 1 << 38,
    max_ratio: 200,
    ratio_free_bytes: 16 << 20,
    max_nesting: 2,
    max_window_log: 27,
};

const OSV: &str = include_str!("../../../../contracts/mappings/osv-1.7.json");
const OPENVEX: &str = include_str!("../../../../contracts/mappings/openvex-0.2.0.json");

fn mapping(text: &str) -> Result<Option<Arc<Projection>>, MappingError> {
    Projection::compile(text).map(|projection| Some(Arc::new(projection)))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: copy_stream UPLOAD [THREADS]")?;
    let threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let started = Instant::now();
    let options = IntakeOptions {
        path: path.clone().into(),
        source_name: path,
        source_uri: None,
        format: Format::Auto,
        max_document_bytes: 64 * 1024 * 1024,
        max_depth: 128,
        archives: ARCHIVES,
        max_refused: 100_000,
        max_not_held: 1_000,
        mappings: Mappings { advisory: mapping(OSV)?, vex: mapping(OPENVEX)? },
        threads,
    };
    let mut intake = Intake::open(options, &Cancel::default())?;
    let mut out = std::io::stdout().lock();
    let mut bytes = 0;
    while let Some(chunk) = intake.next_chunk()? {
        bytes += chunk.len();
        out.write_all(&chunk)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let summary = intake.summary().ok_or("no summary")?;
    for refused in &summary.refused {
        eprintln!("{}\t{}\t{}", refused.source, refused.position, refused.reason);
    }
    let rate = summary.read as f64 / seconds;
    eprintln!("read {} refused {} bytes {bytes} in {seconds:.3} s: {rate:.0} documents/s", summary.read, summary.refused.len());
    Ok(())
}
