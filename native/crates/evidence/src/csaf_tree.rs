use std::collections::HashMap;

use stella_canonical::{Object, Refusal, Value};

use crate::evidence::key;
use crate::shape::Path;

/// Relationships of relationships that are followed; a chain that is longer is taken for a circle.
const MAX_CHAIN: usize = 32;
/// Algorithms by their names in CSAF and in OpenVEX 0.2.0.
const ALGORITHMS: [(&str, &str); 8] = [
    ("md5", "md5"),
    ("sha1", "sha1"),
    ("sha256", "sha-256"),
    ("sha384", "sha-384"),
    ("sha512", "sha-512"),
    ("sha3-256", "sha3-256"),
    ("sha3-384", "sha3-384"),
    ("sha3-512", "sha3-512"),
];

/// The products that a document defines, each by its id.
pub(crate) struct ProductTree<'v, 'a> {
    document_key: &'v str,
    products: HashMap<&'v str, Defined<'v, 'a>>,
    groups: HashMap<&'v str, &'v [Value<'a>]>,
    /// Branches, each with the index of the one it lies in.
    branches: Vec<(Option<usize>, &'v Value<'a>)>,
}

enum Defined<'v, 'a> {
    Product { product: &'v Value<'a>, branch: Option<usize> },
    Relationship(&'v Value<'a>),
}

impl<'v, 'a> ProductTree<'v, 'a> {
    /// # Errors
    /// Products or groups that are defined twice (CSAF 2.0, 6.1.2 and 6.1.4), members that are not defined (6.1.1), circles (6.1.3).
    pub(crate) fn of(document: &'v Value<'a>, document_key: &'v str) -> Result<Self, Refusal> {
        let mut tree = Self { document_key, products: HashMap::new(), groups: HashMap::new(), branches: Vec::new() };
        let at = Path::Member(&Path::Root, "product_tree");
        let Some(given) = document.get("product_tree") else { return Ok(tree) };
        tree.add_branches(given, None, &at)?;
        let at_names = Path::Member(&at, "full_product_names");
        for (index, product) in given.get_list("full_product_names").iter().enumerate() {
            tree.define(product, Defined::Product { product, branch: None }, &Path::Item(&at_names, index))?;
        }
        let at_relationships = Path::Member(&at, "relationships");
        for (index, relationship) in given.get_list("relationships").iter().enumerate() {
            let at = Path::Item(&at_relationships, index);
            let named = relationship.get("full_product_name").unwrap_or(&Value::Null);
            tree.define(named, Defined::Relationship(relationship), &Path::Member(&at, "full_product_name"))?;
        }
        for (index, relationship) in given.get_list("relationships").iter().enumerate() {
            let at = Path::Item(&at_relationships, index);
            for end in ["product_reference", "relates_to_product_reference"] {
                tree.end_of(relationship.get_text(end).unwrap_or_default(), end, &Path::Member(&at, end))?;
            }
        }
        tree.add_groups(given, &at)?;
        Ok(tree)
    }

    fn add_branches(&mut self, parent: &'v Value<'a>, within: Option<usize>, at: &Path<'_>) -> Result<(), Refusal> {
        let at = Path::Member(at, "branches");
        for (index, branch) in parent.get_list("branches").iter().enumerate() {
            let at = Path::Item(&at, index);
            self.branches.push((within, branch));
            let this = Some(self.branches.len() - 1);
            if let Some(product) = branch.get("product") {
                self.define(product, Defined::Product { product, branch: this }, &Path::Member(&at, "product"))?;
            }
            self.add_branches(branch, this, &at)?;
        }
        Ok(())
    }

    fn define(&mut self, named: &'v Value<'a>, defined: Defined<'v, 'a>, at: &Path<'_>) -> Result<(), Refusal> {
        let at = Path::Member(at, "product_id");
        let id = key(named.get("product_id").unwrap_or(&Value::Null), &at)?;
        match self.products.insert(id, defined) {
            None => Ok(()),
            Some(_) => Err(at.refusal(format!("the product id {id} is defined twice"))),
        }
    }

    fn add_groups(&mut self, tree: &'v Value<'a>, at: &Path<'_>) -> Result<(), Refusal> {
        let at_groups = Path::Member(at, "product_groups");
        for (index, group) in tree.get_list("product_groups").iter().enumerate() {
            let at = Path::Item(&at_groups, index);
            let (id, members) = (group.get_text("group_id").unwrap_or_default(), group.get_list("product_ids"));
            let at_members = Path::Member(&at, "product_ids");
            for (index, member) in members.iter().enumerate() {
                self.known(member, &Path::Item(&at_members, index))?;
            }
            if self.groups.insert(id, members).is_some() {
                return Err(Path::Member(&at, "group_id").refusal(format!("the group id {id} is defined twice")));
            }
        }
        Ok(())
    }

    /// The id of a product that is defined.
    pub(crate) fn known(&self, id: &Value<'_>, at: &Path<'_>) -> Result<&'v str, Refusal> {
        let id = id.as_text().unwrap_or_default();
        let known = self.products.get_key_value(id).map(|(known, _)| *known);
        known.ok_or_else(|| at.refusal(format!("the product id {id} is not defined in the product tree")))
    }

    /// The products of a group that is defined.
    pub(crate) fn group(&self, id: &Value<'_>, at: &Path<'_>) -> Result<&'v [Value<'a>], Refusal> {
        let id = id.as_text().unwrap_or_default();
        self.groups.get(id).copied().ok_or_else(|| at.refusal(format!("the group id {id} is not defined in the product tree")))
    }

    /// Follows one end of relationships to the product that is none.
    fn end_of(&self, id: &str, end: &str, at: &Path<'_>) -> Result<&Defined<'v, 'a>, Refusal> {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            match self.products.get(id) {
                None => return Err(at.refusal(format!("the product id {id} is not defined in the product tree"))),
                Some(Defined::Relationship(relationship)) => id = relationship.get_text(end).unwrap_or_default(),
                Some(product) => return Ok(product),
            }
        }
        Err(at.refusal(format!("the product id {id} is defined by itself, or by more than {MAX_CHAIN} relationships")))
    }

    /// The product of a statement: for a relationship the platform, with the component in it, as OpenVEX has products and subcomponents.
    pub(crate) fn product(&self, id: &str, statuses: &[&'static str]) -> Value<'a> {
        let statuses = Value::List(statuses.iter().map(|status| Value::text(*status)).collect());
        let Some(Defined::Relationship(relationship)) = self.products.get(id) else {
            let mut product = self.products.get(id).map(|defined| self.leaf(defined)).unwrap_or_default();
            set_csaf(&mut product, "product_status", statuses);
            return Value::Object(product);
        };
        let leaf = |end| {
            let found = self.end_of(relationship.get_text(end).unwrap_or_default(), end, &Path::Root);
            found.map(|defined| self.leaf(defined)).unwrap_or_default() // Followed before, when the tree was read.
        };
        let mut product = leaf("relates_to_product_reference");
        product.insert("subcomponents", Value::List(vec![Value::Object(leaf("product_reference"))]));
        set_csaf(&mut product, "product_status", statuses);
        set_csaf(&mut product, "relationships", self.relationships(relationship));
        Value::Object(product)
    }

    /// A relationship, and those that its component and its platform are made of.
    fn relationships(&self, relationship: &'v Value<'a>) -> Value<'a> {
        let mut chain = vec![relationship];
        for end in ["product_reference", "relates_to_product_reference"] {
            let mut next = relationship;
            while let Some(Defined::Relationship(inner)) = self.products.get(next.get_text(end).unwrap_or_default()) {
                chain.push(inner);
                next = inner;
            }
        }
        let told = |relationship: &Value<'a>| {
            let mut told = Object::default();
            copy(relationship, &["category", "product_reference", "relates_to_product_reference"], &mut told);
            copy(relationship.get("full_product_name").unwrap_or(&Value::Null), &["product_id", "name"], &mut told);
            Value::Object(told)
        };
        Value::List(chain.into_iter().map(told).collect())
    }

    fn leaf(&self, defined: &Defined<'v, 'a>) -> Object<'a> {
        let Defined::Product { product, branch } = defined else { return Object::default() };
        let helper = product.get("product_identification_helper").unwrap_or(&Value::Null);
        let mut csaf = Object::default();
        copy(product, &["product_id", "name"], &mut csaf);
        copy(helper, &["model_numbers", "serial_numbers", "skus"], &mut csaf);
        if let Some(path) = self.path(*branch) {
            csaf.insert("path", path);
        }
        let mut leaf = identity(helper);
        if leaf.get("@id").is_none() {
            let id = product.get_text("product_id").unwrap_or_default();
            leaf.insert("@id", Value::text(format!("{}:{id}", self.document_key)));
        }
        leaf.insert("csaf", Value::Object(csaf));
        leaf
    }

    /// The branches from the root of the tree to a product.
    fn path(&self, branch: Option<usize>) -> Option<Value<'a>> {
        let mut path = Vec::new();
        let mut next = branch;
        while let Some(at) = next {
            let (within, branch) = self.branches[at];
            let mut step = Object::default();
            copy(branch, &["category", "name"], &mut step);
            path.push(Value::Object(step));
            next = within;
        }
        path.reverse();
        (!path.is_empty()).then_some(Value::List(path))
    }
}

/// `@id`, identifiers and hashes as OpenVEX names them.
fn identity<'a>(helper: &Value<'a>) -> Object<'a> {
    let mut identifiers = Object::default();
    copy(helper, &["purl"], &mut identifiers);
    if let Some(cpe @ Value::Text(text)) = helper.get("cpe") {
        identifiers.insert(if text.starts_with("cpe:2.3:") { "cpe23" } else { "cpe22" }, cpe.clone());
    }
    let mut identity = Object::default();
    if let Some(id) = helper.get("purl").or_else(|| helper.get("cpe")) {
        identity.insert("@id", id.clone());
        identity.insert("identifiers", Value::Object(identifiers));
    }
    let hashes: Object<'a> = match helper.get_list("hashes") {
        // OpenVEX has one value an algorithm: the hashes of several files cannot stand beside each other.
        [file] => file.get_list("file_hashes").iter().filter_map(hash).collect(),
        _ => Object::default(),
    };
    if !hashes.is_empty() {
        identity.insert("hashes", Value::Object(hashes));
    }
    identity
}

fn hash<'a>(hash: &Value<'a>) -> Option<(&'a str, Value<'a>)> {
    let algorithm = hash.get_text("algorithm")?;
    let (_, name) = ALGORITHMS.iter().find(|(csaf, _)| *csaf == algorithm)?;
    Some((name, hash.get("value")?.clone()))
}

fn set_csaf<'a>(product: &mut Object<'a>, member: &'static str, value: Value<'a>) {
    if let Some(Value::Object(csaf)) = product.get_mut("csaf") {
        csaf.insert(member, value);
    }
}

/// Copies the members that are there.
fn copy<'a>(from: &Value<'a>, members: &[&'static str], into: &mut Object<'a>) {
    for member in members {
        if let Some(value) = from.get(member) {
            into.insert(*member, value.clone());
        }
    }
}
