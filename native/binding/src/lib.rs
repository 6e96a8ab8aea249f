//! What JavaScript sees of the native crates. Each export converts, and names the error; the work is in the crates.

mod bundle_problem;
mod cancel;
mod check_mirror;
mod database;
mod decrypt_members;
mod encrypt_members;
mod evaluate_version;
mod fault;
mod intake;
mod merge_mirrors;
mod mirror_lookup;
mod pack_bundle;
mod read_member;
mod scan_bundle;
mod scan_folder;
mod search;
mod unpack_bundle;
mod write_delta;
mod write_document_files;
mod write_documents;
mod write_java_db;
mod write_json_lines;
mod write_line_files;
mod write_mirror;
mod write_trivy;
mod zstd_version;
