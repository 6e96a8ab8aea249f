//! Decides whether a version of a package is affected by an OSV advisory, as ossf.github.io/osv-schema, "Evaluation", has it.
//!
//! [`order_of`] tells how an ecosystem orders its versions, [`Order::compare`] compares two of them, and [`evaluate`] reads an advisory
//! and gives a [`Verdict`] with its reason. What cannot be told is [`Verdict::Unknown`], never a guess. Nothing panics, whatever the input.

#![warn(missing_docs)]

mod advisory;
mod alpine;
mod code_names;
mod debian;
mod evaluate;
mod maven;
mod nuget;
mod order;
mod packagist;
mod pep440;
mod range;
mod release;
mod rpm;
mod rubygems;
mod runs;
mod semver;
mod verdict;

pub use evaluate::{Installed, evaluate};
pub use order::{MAX_VERSION_BYTES, Order, order_of};
pub use verdict::Verdict;
