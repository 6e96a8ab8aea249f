use serde::{Deserialize, Serialize};

use crate::version_order::Order;

/// What is affected of one package by one vulnerability: a value of trivy-db (`types.Advisory`), in the order of its members.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advisory {
    #[serde(rename = "VendorIDs", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) vendor_ids: Vec<String>,
    /// Of one package; otherwise the vulnerability's own counts.
    #[serde(rename = "Severity", default, skip_serializing_if = "is_zero")]
    pub(crate) severity: u8,
    #[serde(rename = "FixedVersion", default, skip_serializing_if = "String::is_empty")]
    pub(crate) fixed_version: String,
    #[serde(rename = "VulnerableVersions", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) vulnerable_versions: Vec<String>,
    #[serde(rename = "PatchedVersions", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) patched_versions: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(severity: &u8) -> bool {
    *severity == 0
}

impl Advisory {
    /// Takes in what another document of the same source states of the same package and vulnerability: what either calls affected is
    /// affected, the last fix is the fix, the worse severity counts.
    pub(crate) fn join(&mut self, other: Self, order: Option<Order>) {
        if let Some(order) = order
            && (self.fixed_version.is_empty()
                || (!other.fixed_version.is_empty() && order.compare(&other.fixed_version, &self.fixed_version).is_gt()))
        {
            self.fixed_version = other.fixed_version;
        }
        self.severity = self.severity.max(other.severity);
        for (list, more) in [
            (&mut self.vendor_ids, other.vendor_ids),
            (&mut self.vulnerable_versions, other.vulnerable_versions),
            (&mut self.patched_versions, other.patched_versions),
        ] {
            for item in more {
                if !list.contains(&item) {
                    list.push(item);
                }
            }
        }
    }
}
