use crate::omission::Omission;
use crate::osv::Osv;
use crate::system::System;

/// Most vulnerabilities that one document may name.
pub(crate) const MAX_IDS: usize = 1_000;
/// Longest id that is taken for one.
const MAX_ID_BYTES: usize = 200;

/// Under which ids an advisory is found, and what its source calls it besides.
#[derive(Debug, PartialEq)]
pub(crate) struct Ids {
    /// Every CVE that it is about, else its own id.
    pub(crate) keys: Vec<String>,
    /// Its own id and its aliases that are no keys.
    pub(crate) vendor: Vec<String>,
}

/// The ids of a document. A distribution names the vulnerabilities that it speaks of as `upstream`, in errata also as `related`.
pub(crate) fn ids(document: &Osv<'_>, system: Option<&System>) -> Result<Ids, Omission> {
    let own = [&*document.id].into_iter().chain(document.aliases.iter().flatten().map(String::as_str));
    let upstream = document.upstream.iter().flatten().filter(|_| system.is_some()).map(String::as_str);
    let related = document.related.iter().flatten().filter(|_| system.is_some_and(|system| system.relates_cves)).map(String::as_str);

    let mut keys: Vec<String> = own.clone().chain(upstream).chain(related).filter(|id| id.starts_with("CVE-")).map(str::to_owned).collect();
    if keys.is_empty() {
        keys.push(document.id.to_string());
    }
    let mut vendor: Vec<String> = own.filter(|id| !keys.iter().any(|key| key == id)).map(str::to_owned).collect();
    for list in [&mut keys, &mut vendor] {
        list.sort_unstable();
        list.dedup();
    }
    let is_id = |id: &String| !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.contains('\0');
    if keys.len() + vendor.len() > MAX_IDS || !keys.iter().all(is_id) {
        return Err(Omission::Ids);
    }
    Ok(Ids { keys, vendor })
}
