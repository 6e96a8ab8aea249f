use std::collections::{BTreeMap, BTreeSet};

use stella_canonical::{Object, Refusal, Value};

use crate::csaf_tree::ProductTree;
use crate::not_held::NotHeld;
use crate::shape::Path;
use crate::vex_records::{VexRecords, bytes_of};

/// Products that details name, groups counted by their members: a group makes many of few bytes.
const MAX_NAMED: usize = 2_000_000;

/// Lists of a product status and the OpenVEX status they mean (CSAF 2.0, 3.2.3.9; OpenVEX 0.2.0, "Status Labels").
static STATUSES: [(&str, &str); 7] = [
    ("known_not_affected", "not_affected"),
    ("known_affected", "affected"),
    ("first_affected", "affected"),
    ("last_affected", "affected"),
    ("fixed", "fixed"),
    ("first_fixed", "fixed"),
    ("under_investigation", "under_investigation"),
];

/// Makes the statements of one document.
pub(crate) struct Statements<'s, 'v, 'a> {
    pub(crate) tree: &'s ProductTree<'v, 'a>,
    /// Whether the document promises the details that the VEX profile asks.
    pub(crate) is_vex: bool,
    pub(crate) timestamp: &'s Value<'a>,
    pub(crate) document: &'s Value<'a>,
    pub(crate) modified_at: Option<i64>,
    pub(crate) records: &'s mut VexRecords<'v>,
    pub(crate) not_held: &'s mut NotHeld,
    /// Products that details named so far.
    pub(crate) named: usize,
}

/// What a document says of one product and one vulnerability.
struct Stated {
    status: &'static str,
    lists: Vec<&'static str>,
}

/// A product, and the lists that it stands in.
type Listed<'v> = (&'v str, Vec<&'static str>);

/// Indexes of the details that products share, and so their statement.
#[derive(Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Details {
    justification: Option<String>,
    impacts: Vec<usize>,
    actions: Vec<usize>,
}

impl<'v, 'a> Statements<'_, 'v, 'a> {
    /// Adds the statements of one vulnerability.
    ///
    /// # Errors
    /// A product that is not defined (CSAF 2.0, 6.1.1), contradicting statuses (6.1.6), a detail without a product (6.1.29, 6.1.32), and for
    /// the VEX profile no name (6.1.27.7), a product that is not affected without a reason (6.1.27.9), one that is affected without an
    /// action (6.1.27.10); statements over the limit of bytes.
    pub(crate) fn add(&mut self, vulnerability: &'v Value<'a>, at: &Path<'_>) -> Result<(), Refusal> {
        let stated = self.stated(vulnerability, at)?;
        let Some(named) = self.vulnerability(vulnerability) else {
            if self.is_vex {
                return Err(at.refusal("needs a cve or an id"));
            }
            if !stated.is_empty() {
                self.not_held.add("/vulnerabilities/*/product_status");
            }
            return Ok(());
        };
        let labels = self.labels(vulnerability, at)?;
        let impacts = self.details(vulnerability, "threats", at)?;
        let actions = self.details(vulnerability, "remediations", at)?;

        let mut shared: BTreeMap<(&'static str, Details), Vec<Listed<'v>>> = BTreeMap::new();
        for (product, Stated { status, lists }) in stated {
            let of = |found: &BTreeMap<&'v str, Vec<usize>>| found.get(product).cloned().unwrap_or_default();
            let details = Details {
                justification: None,
                impacts: of(&impacts),
                actions: if status == "affected" { of(&actions) } else { Vec::new() },
            };
            let reasons = labels.get(product).filter(|_| status == "not_affected");
            self.check_profile(product, status, reasons.is_some(), &details, at)?;
            let mut add = |details| shared.entry((status, details)).or_default().push((product, lists.clone()));
            match reasons {
                Some(reasons) => {
                    reasons.iter().for_each(|reason| add(Details { justification: Some(reason.to_string()), ..details.clone() }))
                }
                None => add(details),
            }
        }
        self.note_unused(vulnerability, &shared.keys().collect::<Vec<_>>());
        for ((status, details), products) in shared {
            self.push(vulnerability, &named, (status, &details), &products)?;
        }
        Ok(())
    }

    /// Every product that has a status, with it and the lists that say so.
    fn stated(&self, vulnerability: &Value<'a>, at: &Path<'_>) -> Result<BTreeMap<&'v str, Stated>, Refusal> {
        let given = vulnerability.get("product_status").unwrap_or(&Value::Null);
        let at_status = Path::Member(at, "product_status");
        let mut stated: BTreeMap<&str, Stated> = BTreeMap::new();
        for (list, status) in STATUSES {
            let at_list = Path::Member(&at_status, list);
            for (index, id) in given.get_list(list).iter().enumerate() {
                let at = Path::Item(&at_list, index);
                let product = self.tree.known(id, &at)?;
                let before = stated.entry(product).or_insert(Stated { status, lists: Vec::new() });
                if before.status != status {
                    let reason =
                        format!("the product {product} is {status}, and {} too: statuses that contradict each other", before.status);
                    return Err(at.refusal(reason));
                }
                if !before.lists.contains(&list) {
                    before.lists.push(list);
                }
            }
        }
        Ok(stated)
    }

    /// The vulnerability as OpenVEX names it; none where it has neither a CVE nor an id.
    fn vulnerability(&mut self, given: &Value<'a>) -> Option<Value<'a>> {
        let mut names = given.get("cve").into_iter().chain(given.get_list("ids").iter().filter_map(|id| id.get("text")));
        let mut named = Object::from_iter([("name", names.next()?.clone())]);
        let aliases: Vec<Value<'a>> = names.cloned().collect();
        if !aliases.is_empty() {
            named.insert("aliases", Value::List(aliases));
        }
        let notes = given.get_list("notes");
        let told =
            ["description", "summary"].iter().find_map(|category| notes.iter().find(|note| note.get_text("category") == Some(category)));
        if let Some(text) = told.and_then(|note| note.get("text")) {
            named.insert("description", text.clone());
        }
        if notes.len() > usize::from(told.is_some()) {
            self.not_held.add("/vulnerabilities/*/notes");
        }
        Some(Value::Object(named))
    }

    /// Justifications by product.
    fn labels(&mut self, vulnerability: &Value<'a>, at: &Path<'_>) -> Result<BTreeMap<&'v str, BTreeSet<String>>, Refusal> {
        let at_flags = Path::Member(at, "flags");
        let mut labels: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (index, flag) in vulnerability.get_list("flags").iter().enumerate() {
            let at = Path::Item(&at_flags, index);
            let products = self.named(flag, &at)?.ok_or_else(|| at.refusal("a flag without a product"))?;
            for product in products {
                labels.entry(product).or_default().insert(flag.get_text("label").unwrap_or_default().to_owned());
            }
        }
        Ok(labels)
    }

    /// Indexes of threats that are impacts, or of remediations, by product. A threat may name no product: then no statement has it.
    fn details(&mut self, vulnerability: &Value<'a>, list: &'static str, at: &Path<'_>) -> Result<BTreeMap<&'v str, Vec<usize>>, Refusal> {
        let at_list = Path::Member(at, list);
        let mut details: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, detail) in vulnerability.get_list(list).iter().enumerate() {
            let at = Path::Item(&at_list, index);
            let Some(products) = self.named(detail, &at)? else {
                if list == "remediations" {
                    return Err(at.refusal("a remediation without a product"));
                }
                continue;
            };
            if list == "threats" && detail.get_text("category") != Some("impact") {
                continue;
            }
            for product in products {
                details.entry(product).or_default().push(index);
            }
        }
        Ok(details)
    }

    /// The products that a flag, threat or remediation names, by id or by group; none where it names neither.
    fn named(&mut self, detail: &Value<'a>, at: &Path<'_>) -> Result<Option<BTreeSet<&'v str>>, Refusal> {
        let mut products = BTreeSet::new();
        let at_ids = Path::Member(at, "product_ids");
        for (index, id) in detail.get_list("product_ids").iter().enumerate() {
            products.insert(self.tree.known(id, &Path::Item(&at_ids, index))?);
        }
        let at_groups = Path::Member(at, "group_ids");
        for (index, id) in detail.get_list("group_ids").iter().enumerate() {
            let at = Path::Item(&at_groups, index);
            for member in self.tree.group(id, &at)? {
                products.insert(self.tree.known(member, &at)?);
            }
        }
        self.named += products.len();
        if self.named > MAX_NAMED {
            return Err(at.refusal(format!("flags, threats and remediations that name more than {MAX_NAMED} products")));
        }
        Ok((!products.is_empty()).then_some(products))
    }

    fn check_profile(&self, product: &str, status: &str, is_flagged: bool, details: &Details, at: &Path<'_>) -> Result<(), Refusal> {
        match status {
            _ if !self.is_vex => Ok(()),
            "not_affected" if !is_flagged && details.impacts.is_empty() => {
                Err(at.refusal(format!("the product {product} is not affected, but no flag and no threat of category impact says why")))
            }
            "affected" if details.actions.is_empty() => {
                Err(at.refusal(format!("the product {product} is affected, but no remediation says what to do")))
            }
            _ => Ok(()),
        }
    }

    /// Names the threats and remediations that no statement has.
    fn note_unused(&mut self, vulnerability: &Value<'a>, shared: &[&(&'static str, Details)]) {
        let all = |list: &str| vulnerability.get_list(list).len();
        let used = |of: fn(&Details) -> &[usize]| shared.iter().flat_map(|(_, details)| of(details)).collect::<BTreeSet<_>>().len();
        if used(|details| &details.impacts) < all("threats") {
            self.not_held.add("/vulnerabilities/*/threats");
        }
        if used(|details| &details.actions) < all("remediations") {
            self.not_held.add("/vulnerabilities/*/remediations");
        }
        let is_justified = shared.iter().any(|(_, details)| details.justification.is_some());
        if all("flags") > 0 && !is_justified {
            self.not_held.add("/vulnerabilities/*/flags");
        }
    }

    fn push(
        &mut self,
        vulnerability: &Value<'a>,
        named: &Value<'a>,
        (status, details): (&'static str, &Details),
        products: &[Listed<'v>],
    ) -> Result<(), Refusal> {
        let mut statement = Object::from_iter([
            ("vulnerability", named.clone()),
            ("status", Value::text(status)),
            ("timestamp", self.timestamp.clone()),
            ("document", self.document.clone()),
        ]);
        if let Some(label) = &details.justification {
            statement.insert("justification", Value::text(label.clone()));
        }
        let texts = [
            (if status == "not_affected" { "impact_statement" } else { "status_notes" }, "threats", &details.impacts),
            ("action_statement", "remediations", &details.actions),
        ];
        for (member, list, indexes) in texts.into_iter().filter(|(.., indexes)| !indexes.is_empty()) {
            let from = vulnerability.get_list(list);
            self.records.reserve(indexes.iter().map(|index| bytes_of(&from[*index])).sum())?;
            let lines: Vec<String> = indexes.iter().map(|index| line(&from[*index], list)).collect();
            statement.insert(member, Value::text(lines.join("\n")));
        }
        self.records.reserve(statement.iter().map(|(_, value)| bytes_of(value)).sum())?;
        let mut listed = Vec::with_capacity(products.len());
        for (product, lists) in products {
            let product = self.tree.product(product, lists);
            self.records.reserve(bytes_of(&product))?;
            listed.push(product);
        }
        statement.insert("products", Value::List(listed));
        let statement = Value::Object(statement);
        let body = statement.to_canonical();
        self.records.push(&statement, body, self.modified_at);
        Ok(())
    }
}

/// An impact in its own words; a remediation with its category in front, since the words may be few, and its address behind.
fn line(detail: &Value<'_>, list: &str) -> String {
    let told = detail.get_text("details").unwrap_or_default();
    if list == "threats" {
        return told.to_owned();
    }
    let category = detail.get_text("category").unwrap_or_default();
    detail.get_text("url").map_or_else(|| format!("{category}: {told}"), |url| format!("{category}: {told} ({url})"))
}
