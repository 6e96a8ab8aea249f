use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use stella_canonical::Value;
use stella_digest::hex;

use crate::cyclonedx_graph::{each_component, subject};
use crate::cyclonedx_refs::Refs;
use crate::evidence::NAME_BYTES;

/// References for the components that have none of their own: each unlike every other reference of the document, whatever its order.
pub(crate) struct OwnRefs {
    by_identity: HashMap<[u8; 32], String>,
    all: HashSet<String>,
}

impl OwnRefs {
    /// The purl, else group, name and version. Where those are another's reference, with a digest of the component.
    pub(crate) fn of(document: &Value<'_>, refs: &Refs<'_, '_>) -> Self {
        let mut nameless = Vec::new();
        each_component(document, &mut |component| nameless.extend(called(component)));
        nameless.sort();
        let subject = subject(document).and_then(called);
        let (mut by_identity, mut all) = (HashMap::new(), HashSet::new());
        for (mut reference, identity) in subject.into_iter().chain(nameless) {
            if by_identity.contains_key(&identity) {
                continue;
            }
            while refs.contains_key(reference.as_str()) || all.contains(&reference) {
                reference = format!("{reference}#{}", hex(&identity[..NAME_BYTES]));
            }
            all.insert(reference.clone());
            by_identity.insert(identity, reference);
        }
        Self { by_identity, all }
    }

    /// The reference of a component that has none.
    pub(crate) fn get(&self, component: &Value<'_>) -> &str {
        self.by_identity.get(&identity(component)).map(String::as_str).unwrap_or_default()
    }

    /// Whether a component was given this reference.
    pub(crate) fn has(&self, reference: &str) -> bool {
        self.all.contains(reference)
    }
}

fn called(component: &Value<'_>) -> Option<(String, [u8; 32])> {
    if component.get_text("bom-ref").is_some() {
        return None;
    }
    let named = || {
        let name = full_name(component);
        component.get_text("version").map_or_else(|| name.clone(), |version| format!("{name}@{version}"))
    };
    Some((component.get_text("purl").map_or_else(named, str::to_owned), identity(component)))
}

/// The name of a component, in its group where it has one.
pub(crate) fn full_name(component: &Value<'_>) -> String {
    let name = component.get_text("name").unwrap_or_default();
    let group = component.get_text("group").filter(|group| !group.is_empty());
    group.map_or_else(|| name.to_owned(), |group| format!("{group}/{name}"))
}

/// What tells components apart: all that they say of themselves. Their parts, which say it too, are left out, so that the work grows with
/// the document alone.
fn identity(component: &Value<'_>) -> [u8; 32] {
    let mut digest = Sha256::new();
    let members = component.as_object().into_iter().flat_map(|object| object.iter());
    for (name, value) in members.filter(|(name, _)| *name != "components") {
        digest.update(Value::text(name).to_canonical());
        digest.update(value.to_canonical());
    }
    digest.finalize().into()
}
