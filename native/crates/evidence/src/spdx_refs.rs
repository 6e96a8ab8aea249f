use std::collections::HashSet;

use stella_canonical::{Refusal, Value};

use crate::shape::Path;
use crate::spdx_graph::is_carried;

/// Refuses what is described, and relationships that the graph carries, where they name nothing in the document (SPDX 2.3, 11.1). Elements
/// of other documents, `NONE` and `NOASSERTION` may be named.
pub(crate) fn check(document: &Value<'_>) -> Result<(), Refusal> {
    let lists = ["packages", "files", "snippets"].into_iter().flat_map(|list| document.get_list(list));
    let elements: HashSet<&str> = lists.filter_map(|element| element.get_text("SPDXID")).chain(["SPDXRef-DOCUMENT"]).collect();
    let check = |id: &str, at: Path<'_>| {
        let is_named = elements.contains(id) || id.starts_with("DocumentRef-") || matches!(id, "NONE" | "NOASSERTION");
        if is_named { Ok(()) } else { Err(at.refusal("a reference to nothing in the document")) }
    };
    let at_described = Path::Member(&Path::Root, "documentDescribes");
    for (index, id) in document.get_list("documentDescribes").iter().enumerate() {
        check(id.as_text().unwrap_or_default(), Path::Item(&at_described, index))?;
    }
    let at_list = Path::Member(&Path::Root, "relationships");
    for (index, relationship) in document.get_list("relationships").iter().enumerate() {
        let at = Path::Item(&at_list, index);
        if is_carried(relationship.get_text("relationshipType").unwrap_or_default()) {
            for end in ["spdxElementId", "relatedSpdxElement"] {
                check(relationship.get_text(end).unwrap_or_default(), Path::Member(&at, end))?;
            }
        }
    }
    Ok(())
}
