use std::collections::HashMap;
use std::collections::hash_map::Entry;

use stella_canonical::{Refusal, Value};

use crate::cyclonedx_parts::each_part;
use crate::shape::Path;

/// What each `bom-ref` names: the subject, a component or a service.
pub(crate) type Refs<'v, 'a> = HashMap<&'v str, &'v Value<'a>>;

/// Every reference of a document. One component may be listed twice, as generators do that list the subject among the components too.
///
/// # Errors
/// One reference for two different things.
pub(crate) fn refs<'v, 'a>(document: &'v Value<'a>) -> Result<Refs<'v, 'a>, Refusal> {
    let mut refs = Refs::new();
    each_part(document, &mut |part, at| {
        let Some(reference) = part.get_text("bom-ref") else { return Ok(()) };
        match refs.entry(reference) {
            Entry::Occupied(first) if *first.get() != part => {
                return Err(Path::Member(at, "bom-ref").refusal("something else with this reference was there before"));
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(entry) => {
                entry.insert(part);
            }
        }
        Ok(())
    })?;
    Ok(refs)
}
