use std::collections::HashMap;
use std::collections::hash_map::Entry;

use stella_canonical::{Refusal, Value};

use crate::cyclonedx_graph::subject;
use crate::shape::Path;

/// What each `bom-ref` names: the subject, a component or a service.
pub(crate) type Refs<'v, 'a> = HashMap<&'v str, &'v Value<'a>>;

/// Every reference of a document. One component may be listed twice, as generators do that list the subject among the components too.
///
/// # Errors
/// One reference for two different things.
pub(crate) fn refs<'v, 'a>(document: &'v Value<'a>) -> Result<Refs<'v, 'a>, Refusal> {
    let mut refs = Refs::new();
    if let Some(subject) = subject(document) {
        let at_metadata = Path::Member(&Path::Root, "metadata");
        let at = Path::Member(&at_metadata, "component");
        add(&mut refs, subject, &at)?;
        add_all(&mut refs, subject, "components", &at)?;
    }
    add_all(&mut refs, document, "components", &Path::Root)?;
    add_all(&mut refs, document, "services", &Path::Root)?;
    Ok(refs)
}

fn add_all<'v, 'a>(refs: &mut Refs<'v, 'a>, parent: &'v Value<'a>, member: &str, at: &Path<'_>) -> Result<(), Refusal> {
    let at_list = Path::Member(at, member);
    parent.get_list(member).iter().enumerate().try_for_each(|(index, item)| {
        let at = Path::Item(&at_list, index);
        add(refs, item, &at)?;
        add_all(refs, item, member, &at)
    })
}

fn add<'v, 'a>(refs: &mut Refs<'v, 'a>, named: &'v Value<'a>, at: &Path<'_>) -> Result<(), Refusal> {
    let Some(reference) = named.get_text("bom-ref") else { return Ok(()) };
    match refs.entry(reference) {
        Entry::Occupied(first) if *first.get() != named => {
            Err(Path::Member(at, "bom-ref").refusal("something else with this reference was there before"))
        }
        Entry::Occupied(_) => Ok(()),
        Entry::Vacant(entry) => {
            entry.insert(named);
            Ok(())
        }
    }
}
