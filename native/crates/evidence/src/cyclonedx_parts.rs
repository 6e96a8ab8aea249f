use stella_canonical::{Refusal, Value};

use crate::cyclonedx_graph::subject;
use crate::shape::Path;

/// Visits the subject, every component and every service, each with its place.
pub(crate) fn each_part<'v, 'a, F>(document: &'v Value<'a>, visit: &mut F) -> Result<(), Refusal>
where
    F: FnMut(&'v Value<'a>, &Path<'_>) -> Result<(), Refusal>,
{
    if let Some(subject) = subject(document) {
        let at_metadata = Path::Member(&Path::Root, "metadata");
        let at = Path::Member(&at_metadata, "component");
        visit(subject, &at)?;
        each_of(subject, "components", &at, visit)?;
    }
    each_of(document, "components", &Path::Root, visit)?;
    each_of(document, "services", &Path::Root, visit)
}

fn each_of<'v, 'a, F>(parent: &'v Value<'a>, member: &str, at: &Path<'_>, visit: &mut F) -> Result<(), Refusal>
where
    F: FnMut(&'v Value<'a>, &Path<'_>) -> Result<(), Refusal>,
{
    let at_list = Path::Member(at, member);
    parent.get_list(member).iter().enumerate().try_for_each(|(index, part)| {
        let at = Path::Item(&at_list, index);
        visit(part, &at)?;
        each_of(part, member, &at, visit)
    })
}
