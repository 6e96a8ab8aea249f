use std::cmp::Ordering;

use stella_osv::{Event, Range};

use crate::order::{Order, order_of};

/// Why a version is affected, or nothing where it is not; the error is what could not be told.
pub(crate) type Finding = Result<Option<String>, String>;

/// Where a range begins or ends.
#[derive(Clone, Copy)]
enum Step<'a> {
    Introduced(&'a str),
    Fixed(&'a str),
    LastAffected(&'a str),
}

/// Versions of one ecosystem, in one order.
struct Versions<'a> {
    order: Order,
    ecosystem: &'a str,
}

/// Whether a range holds a version (OSV schema, "Evaluation", `IncludedInRanges`).
pub(crate) fn in_range(range: &Range<'_>, ecosystem: &str, version: &str) -> Finding {
    if !range.events.iter().any(|event| event.introduced.is_some()) {
        return Err("a range does not say where it begins".to_owned());
    }
    if matches!(&*range.kind, "SEMVER" | "ECOSYSTEM") && range.events.iter().all(is_without_end) {
        return Ok(Some(format!("every version is affected, so {version} is")));
    }
    let order = order_of_range(range, ecosystem)?;
    let versions = Versions { order, ecosystem };
    if !order.reads(version) {
        return Err(versions.no_version(version));
    }
    let limit = last_limit(range, &versions)?;
    if let Some(limit) = limit
        && !versions.compare(version, limit)?.is_lt()
    {
        return Ok(None);
    }
    let (last, next) = around(range, &versions, version)?;
    let Some(Step::Introduced(from)) = last else { return Ok(None) };
    let end = [next, limit.map(Step::Fixed)].into_iter().flatten().min_by(|left, right| versions.steps(*left, *right));
    let to = match end {
        Some(Step::LastAffected(to)) => format!("up to and including {to}"),
        Some(Step::Fixed(to) | Step::Introduced(to)) => format!("up to but not including {to}"),
        None => "on".to_owned(),
    };
    Ok(Some(format!("{version} is in the range from {from} {to}")))
}

/// Whether an event neither begins a range behind the first version nor ends it.
fn is_without_end(event: &Event<'_>) -> bool {
    let begins = event.introduced.as_deref().is_none_or(|version| version == "0");
    begins && event.fixed.is_none() && event.last_affected.is_none() && event.limit.as_deref().is_none_or(|limit| limit == "*")
}

fn order_of_range(range: &Range<'_>, ecosystem: &str) -> Result<Order, String> {
    match &*range.kind {
        "SEMVER" => Ok(Order::SemVer),
        "ECOSYSTEM" => order_of(ecosystem).ok_or_else(|| format!("the order of versions of {} is not known", shown(ecosystem))),
        other => Err(format!("ranges of type `{}` are not known", shown(other))),
    }
}

/// The limit that lies furthest, as a version needs to be before one of them only (`BeforeLimits`); None where there is none.
fn last_limit<'a>(range: &'a Range<'_>, versions: &Versions<'_>) -> Result<Option<&'a str>, String> {
    let limits: Vec<&str> = range.events.iter().filter_map(|event| event.limit.as_deref()).collect();
    if limits.contains(&"*") {
        return Ok(None);
    }
    let mut last: Option<&str> = None;
    for limit in limits {
        if versions.compare(last.unwrap_or(limit), limit)?.is_le() {
            last = Some(limit);
        }
    }
    Ok(last)
}

/// The last step that a version has passed, which tells whether it is affected, and the next that ends a range. What a walk over sorted
/// events would find, found without sorting.
fn around<'a>(range: &'a Range<'_>, versions: &Versions<'_>, version: &str) -> Result<(Option<Step<'a>>, Option<Step<'a>>), String> {
    let (mut last, mut next): (Option<Step<'_>>, Option<Step<'_>>) = (None, None);
    for step in range.events.iter().flat_map(steps) {
        let against = if step.is_first() { Ordering::Greater } else { versions.compare(version, step.version())? };
        if against.is_gt() || (against.is_eq() && !matches!(step, Step::LastAffected(_))) {
            // Of steps at one version, the one that the advisory names last decides: `fixed` at `0` is how nothing is affected.
            if last.is_none_or(|last| versions.steps(step, last).is_ge()) {
                last = Some(step);
            }
        } else if !matches!(step, Step::Introduced(_)) && next.is_none_or(|next| versions.steps(step, next).is_lt()) {
            next = Some(step);
        }
    }
    Ok((last, next))
}

fn steps<'a>(event: &'a Event<'_>) -> impl Iterator<Item = Step<'a>> {
    let introduced = event.introduced.as_deref().map(Step::Introduced);
    let fixed = event.fixed.as_deref().map(Step::Fixed);
    [introduced, fixed, event.last_affected.as_deref().map(Step::LastAffected)].into_iter().flatten()
}

impl<'a> Step<'a> {
    fn version(self) -> &'a str {
        match self {
            Self::Introduced(version) | Self::Fixed(version) | Self::LastAffected(version) => version,
        }
    }

    /// `0` is before every version.
    fn is_first(self) -> bool {
        matches!(self, Self::Introduced("0") | Self::Fixed("0"))
    }
}

impl Versions<'_> {
    fn compare(&self, version: &str, bound: &str) -> Result<Ordering, String> {
        self.order.compare(version, bound).ok_or_else(|| self.no_version(bound))
    }

    /// A version is affected through the last one, so that step is behind others at its version.
    fn steps(&self, left: Step<'_>, right: Step<'_>) -> Ordering {
        let is_last = |step| matches!(step, Step::LastAffected(_));
        let versions = || match (left.is_first(), right.is_first()) {
            (false, false) => self.order.compare(left.version(), right.version()).unwrap_or(Ordering::Equal),
            (left, right) => right.cmp(&left),
        };
        versions().then_with(|| is_last(left).cmp(&is_last(right)))
    }

    fn no_version(&self, text: &str) -> String {
        format!("`{}` is no version of {}", shown(text), shown(self.ecosystem))
    }
}

/// As much of a text as a sentence takes.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let cut = text.char_indices().nth(MOST).map(|(at, _)| format!("{}…", &text[..at]));
    cut.unwrap_or_else(|| text.to_owned())
}
