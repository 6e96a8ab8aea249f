use std::cmp::Ordering;

use stella_osv::{Event, Range};

use crate::language::Language;
use crate::omission::Omission;
use crate::osv::{Affected, specific_text};
use crate::system::System;

/// Which versions of a package are affected, as Trivy's comparers of languages read it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Constraints {
    /// One of them holds for an affected version. The empty one holds for every version: how Trivy spells a range without bounds.
    pub(crate) vulnerable: Vec<String>,
    /// Versions that are fixed.
    pub(crate) patched: Vec<String>,
}

/// Versions before all others: OSV's own word for it, and the least one of semver.org, which RustSec writes.
const FIRST: [&str; 2] = ["0", "0.0.0-0"];

/// From `introduced` (none: from the first version) to an end.
#[derive(Debug, PartialEq)]
struct Span<'a> {
    from: Option<&'a str>,
    to: Option<End<'a>>,
    limit: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End<'a> {
    Before(&'a str),
    Through(&'a str),
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Introduced(&'a str),
    Ends(End<'a>),
}

/// The constraints of a package of a language (OSV schema, "Evaluation").
pub(crate) fn constraints(affected: &Affected<'_>, language: &Language) -> Result<Constraints, Omission> {
    let mut spans = spans(affected)?;
    let last_known = specific_text(affected.database_specific, "last_known_affected_version_range");
    end_by(&mut spans, last_known.as_deref().unwrap_or_default())?;
    let mut constraints = Constraints::default();
    for span in &spans {
        if !span.bounds().all(|version| language.reads(version)) {
            return Err(Omission::UnreadableVersion);
        }
        push_new(&mut constraints.vulnerable, span.constraint());
        if let Some(End::Before(fixed)) = span.to {
            push_new(&mut constraints.patched, fixed.to_owned());
        }
    }
    let versions = affected.versions.iter().flatten();
    if versions.clone().any(String::is_empty) {
        return Err(Omission::EmptyVersion);
    }
    // A version that the comparer does not read is none that Trivy could find installed.
    for version in versions.clone().filter(|version| language.reads(version)) {
        if !spans.iter().any(|span| span.surely_holds(version)) {
            push_new(&mut constraints.vulnerable, format!("={version}"));
        }
    }
    match constraints.vulnerable.is_empty() {
        true if versions.clone().next().is_some() => Err(Omission::UnreadableVersion),
        true => Err(without_versions(affected)),
        false => Ok(constraints),
    }
}

/// GitHub's advisories name the last version known to be affected, as `< 1.2` or `<= 1.2`, where none is fixed.
fn end_by<'a>(spans: &mut [Span<'a>], last_known: &'a str) -> Result<(), Omission> {
    let (limit, to) = match (last_known.strip_prefix("<="), last_known.strip_prefix('<')) {
        (Some(version), _) => (None, Some(End::Through(version.trim()))),
        (None, Some(version)) => (Some(version.trim()), None),
        (None, None) => return Ok(()),
    };
    for span in spans.iter_mut().filter(|span| span.to.is_none() && span.limit.is_none()) {
        (span.limit, span.to) = (limit, to);
        if span.bounds().any(str::is_empty) {
            return Err(Omission::EmptyVersion);
        }
    }
    Ok(())
}

/// The first fixed version of a distribution's package: the last one of its ranges. None where no version is fixed.
pub(crate) fn fixed_version(affected: &Affected<'_>, system: &System) -> Result<Option<String>, Omission> {
    let spans = spans(affected)?;
    if spans.is_empty() {
        return Err(without_versions(affected));
    }
    let mut last: Option<&str> = None;
    for span in &spans {
        match span {
            Span { from: None, to: Some(End::Before(fixed)), limit: None } => {
                if !system.order.reads(fixed) {
                    return Err(Omission::UnreadableVersion);
                }
                if last.is_none_or(|last| system.order.compare(fixed, last) == Ordering::Greater) {
                    last = Some(fixed);
                }
            }
            Span { from: None, to: None, limit: None } if system.reports_unfixed => return Ok(None),
            Span { from: None, to: None, limit: None } => return Err(Omission::Unfixed),
            _ => return Err(Omission::Bounds),
        }
    }
    Ok(last.map(str::to_owned))
}

fn without_versions(affected: &Affected<'_>) -> Omission {
    let is_git = affected.ranges.iter().flatten().any(|range| range.kind == "GIT");
    if is_git { Omission::GitOnly } else { Omission::NoVersions }
}

fn spans<'a>(affected: &'a Affected<'_>) -> Result<Vec<Span<'a>>, Omission> {
    let mut spans = Vec::new();
    for range in affected.ranges.iter().flatten().filter(|range| range.kind != "GIT") {
        spans_of(range, &mut spans)?;
    }
    Ok(spans)
}

/// Between events in their order, a version is affected behind an `introduced`, until the next end.
fn spans_of<'a>(range: &'a Range<'_>, spans: &mut Vec<Span<'a>>) -> Result<(), Omission> {
    let first = spans.len();
    let (steps, limit) = steps(&range.events)?;
    let mut open: Option<Option<&str>> = None;
    for step in steps {
        match step {
            Step::Introduced(version) if open.is_none() => open = Some((!FIRST.contains(&version)).then_some(version)),
            Step::Introduced(_) => {}
            Step::Ends(end) => match open.take() {
                Some(from) => spans.push(Span { from, to: Some(end), limit }),
                None if spans.len() == first => return Err(Omission::InvertedRange),
                None => {}
            },
        }
    }
    if let Some(from) = open {
        spans.push(Span { from, to: None, limit });
    }
    Ok(())
}

/// Events in the order of their versions; as they are given where these cannot be compared here, but for `introduced: 0`.
fn steps<'a>(events: &'a [Event<'_>]) -> Result<(Vec<Step<'a>>, Option<&'a str>), Omission> {
    let (mut steps, mut limits) = (Vec::new(), Vec::new());
    for event in events {
        let members = [
            event.introduced.as_deref().map(Step::Introduced),
            event.fixed.as_deref().map(|version| Step::Ends(End::Before(version))),
            event.last_affected.as_deref().map(|version| Step::Ends(End::Through(version))),
        ];
        steps.extend(members.into_iter().flatten());
        limits.extend(event.limit.as_deref());
    }
    if steps.iter().any(|step| step.version().is_empty()) || limits.contains(&"") {
        return Err(Omission::EmptyVersion);
    }
    limits.retain(|limit| *limit != "*");
    if limits.len() > 1 {
        return Err(Omission::SeveralLimits);
    }
    let all = |is: fn(&str) -> bool| steps.iter().all(|step| is(step.version()));
    if all(|version| numbers(version).is_some()) || all(|version| semantic(version).is_some()) {
        steps.sort_by(|left, right| {
            compare(left.version(), right.version()).unwrap_or(Ordering::Equal).then(left.turn().cmp(&right.turn()))
        });
    } else {
        steps.sort_by_key(|step| step.version() != "0");
    }
    Ok((steps, limits.first().copied()))
}

impl<'a> Step<'a> {
    fn version(&self) -> &'a str {
        match self {
            Self::Introduced(version) | Self::Ends(End::Before(version) | End::Through(version)) => version,
        }
    }

    /// Of events at one version: a fix, then what is introduced again; the last affected version after the first.
    fn turn(&self) -> u8 {
        match self {
            Self::Ends(End::Before(_)) => 0,
            Self::Introduced(_) => 1,
            Self::Ends(End::Through(_)) => 2,
        }
    }
}

impl<'a> Span<'a> {
    fn bounds(&self) -> impl Iterator<Item = &'a str> {
        let to = self.to.map(|(End::Before(version) | End::Through(version))| version);
        [self.from, to, self.limit].into_iter().flatten()
    }

    fn constraint(&self) -> String {
        let from = self.from.map(|version| format!(">={version}"));
        let to = self.to.map(|end| match end {
            End::Before(version) => format!("<{version}"),
            End::Through(version) => format!("<={version}"),
        });
        let limit = self.limit.map(|version| format!("<{version}"));
        let parts: Vec<String> = [from, to, limit].into_iter().flatten().collect();
        parts.join(", ")
    }

    /// Whether a version is within, as far as it can be told without the ecosystem's own order.
    fn surely_holds(&self, version: &str) -> bool {
        let is = |bound: &str, wanted: &[Ordering]| compare(version, bound).is_some_and(|order| wanted.contains(&order));
        self.from.is_none_or(|from| is(from, &[Ordering::Greater, Ordering::Equal]))
            && self.limit.is_none_or(|limit| is(limit, &[Ordering::Less]))
            && match self.to {
                None => true,
                Some(End::Before(to)) => is(to, &[Ordering::Less]),
                Some(End::Through(to)) => is(to, &[Ordering::Less, Ordering::Equal]),
            }
    }
}

/// Compares versions that every ecosystem orders alike: numbers with dots, of which missing ones are zero; and versions of semver.org.
fn compare(left: &str, right: &str) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (numbers(left), numbers(right)) {
        let length = left.len().max(right.len());
        let padded = |numbers: Vec<u64>| numbers.into_iter().chain(std::iter::repeat(0)).take(length).collect::<Vec<_>>();
        return Some(padded(left).cmp(&padded(right)));
    }
    Some(semantic(left)?.cmp_precedence(&semantic(right)?))
}

/// `0` is before all others.
fn semantic(version: &str) -> Option<semver::Version> {
    semver::Version::parse(if version == "0" { "0.0.0-0" } else { version }).ok()
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten();
    version.split('.').map(number).collect()
}

fn push_new(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}
