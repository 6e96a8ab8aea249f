use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What was said before and is said now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    after: Vec<String>,
    before: Vec<String>,
}

impl Pair {
    pub(crate) fn of(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Option<Self> {
        let listed = |texts: &BTreeSet<String>| texts.iter().cloned().collect();
        (before != after).then(|| Self { after: listed(after), before: listed(before) })
    }
}

/// What is told of one record, or of one product and vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixed: Option<Pair>,
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawn: Option<String>,
}

impl Entry {
    pub(crate) fn new(id: String) -> Self {
        let (product, subject, withdrawn) = (None, None, None);
        Self { change: None, fixed: None, id, product, severity: None, status: None, subject, withdrawn }
    }
}

/// A line of the text about an entry.
pub(crate) fn line_of(entry: &Entry) -> String {
    let Entry { change, fixed, id, product, severity, status, subject, withdrawn } = entry;
    let quoted = |text: &str| format!("`{}`", text.replace(['`', '\n', '\r'], "'"));
    let listed = |texts: &[String]| {
        if texts.is_empty() { "none".to_owned() } else { texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(" ") }
    };
    let mut told = vec![quoted(id)];
    told.extend(product.as_ref().map(|product| format!("for {}", quoted(product))));
    told.extend(subject.as_ref().map(|subject| format!("of {}", quoted(subject))));
    told.extend(change.clone());
    told.extend(withdrawn.as_ref().map(|time| format!("withdrawn {time}")));
    for (name, pair) in [("severity", severity), ("fixed", fixed), ("status", status)] {
        told.extend(pair.as_ref().map(|Pair { before, after }| format!("{name} {} → {}", listed(before), listed(after))));
    }
    told.join(", ")
}
