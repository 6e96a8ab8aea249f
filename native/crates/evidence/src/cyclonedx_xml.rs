use stella_canonical::{JsonLimits, ObjectBuilder, Refusal, Value, nfc};

use crate::not_held::NotHeld;
use crate::shape::Path;
use crate::xml::{self, Element};

/// What stands before the version in the namespace of a bill of materials.
const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";
/// Member that tells of text where the format has elements alone.
const STRAY_TEXT: &str = "#text";

/// What an element is in the JSON form (github.com/CycloneDX/specification, `bom-1.6.xsd` beside `bom-1.6.schema.json`). Attributes are
/// members of the same name there, and so are elements that are not told of here: nothing of them is read, but they are named.
enum Form {
    /// Text whose white space has no meaning.
    Token,
    /// Text as it is.
    Prose,
    /// Elements by their names, with the names of their members.
    Members(&'static [(&'static str, &'static str, &'static Form)]),
    /// Text, as this member, beside attributes.
    TextAs(&'static str),
    /// Elements of one name, each an item.
    List(&'static str, &'static Form),
    /// Elements of several names, each an item with one member.
    Choices(&'static Form),
    /// Elements of one name that may be nested, where JSON has a list of references.
    Dependencies,
}

static BOM: Form = Form::Members(&[
    ("metadata", "metadata", &METADATA),
    ("components", "components", &COMPONENTS),
    ("services", "services", &SERVICES),
    ("dependencies", "dependencies", &Form::Dependencies),
    ("vulnerabilities", "vulnerabilities", &Form::List("vulnerability", &VULNERABILITY)),
]);
static METADATA: Form = Form::Members(&[
    ("timestamp", "timestamp", &Form::Token),
    ("component", "component", &COMPONENT),
    ("authors", "authors", &Form::List("author", &NAMED)),
    ("supplier", "supplier", &NAMED),
]);
static NAMED: Form = Form::Members(&[("name", "name", &Form::Token)]);
static COMPONENTS: Form = Form::List("component", &COMPONENT);
static COMPONENT: Form = Form::Members(&[
    ("group", "group", &Form::Token),
    ("name", "name", &Form::Token),
    ("version", "version", &Form::Token),
    ("purl", "purl", &Form::Token),
    ("cpe", "cpe", &Form::Token),
    ("hashes", "hashes", &Form::List("hash", &Form::TextAs("content"))),
    ("licenses", "licenses", &Form::Choices(&LICENSE)),
    ("components", "components", &COMPONENTS),
]);
static LICENSE: Form = Form::Members(&[
    ("expression", "expression", &Form::Token),
    ("license", "license", &Form::Members(&[("id", "id", &Form::Token), ("name", "name", &Form::Token)])),
]);
static SERVICES: Form = Form::List("service", &SERVICE);
static SERVICE: Form =
    Form::Members(&[("name", "name", &Form::Token), ("version", "version", &Form::Token), ("services", "services", &SERVICES)]);
static VULNERABILITY: Form = Form::Members(&[
    ("id", "id", &Form::Token),
    ("source", "source", &Form::Members(&[("url", "url", &Form::Token)])),
    ("references", "references", &Form::List("reference", &Form::Members(&[("id", "id", &Form::Token)]))),
    ("description", "description", &Form::Prose),
    ("recommendation", "recommendation", &Form::Prose),
    ("workaround", "workaround", &Form::Prose),
    ("analysis", "analysis", &ANALYSIS),
    ("affects", "affects", &Form::List("target", &TARGET)),
]);
static ANALYSIS: Form = Form::Members(&[
    ("state", "state", &Form::Token),
    ("justification", "justification", &Form::Token),
    ("responses", "response", &Form::List("response", &Form::Token)),
    ("detail", "detail", &Form::Prose),
    ("firstIssued", "firstIssued", &Form::Token),
    ("lastUpdated", "lastUpdated", &Form::Token),
]);
static TARGET: Form = Form::Members(&[("ref", "ref", &Form::Token), ("versions", "versions", &Form::List("version", &VERSION))]);
static VERSION: Form =
    Form::Members(&[("version", "version", &Form::Token), ("range", "range", &Form::Token), ("status", "status", &Form::Token)]);

/// Reads a bill of materials in XML as what the same is in JSON. Named as not held is what JSON has no place for: attributes, text and other
/// elements of lists, and attributes of texts.
///
/// # Errors
/// Those of [`xml::parse`]; another document than a bill of materials; an element that is doubled.
pub(crate) fn parse(document: &[u8], limits: &JsonLimits) -> Result<(Value<'static>, NotHeld), Refusal> {
    let root = xml::parse(document, limits, |namespace, name| namespace.starts_with(NAMESPACE) && name == "bom")?;
    let mut not_held = NotHeld::default();
    let mut bom = object(root.element, &BOM, &Path::Root, &mut not_held)?.build();
    if let Some(number) = bom.get("version").and_then(Value::as_text).and_then(|text| text.parse::<u32>().ok()) {
        bom.insert("version", Value::Number(number.into()));
    }
    bom.insert("bomFormat", Value::text("CycloneDX"));
    bom.insert("specVersion", Value::text(root.namespace[NAMESPACE.len()..].to_owned()));
    Ok((Value::Object(bom), not_held))
}

/// Takes the element apart, so that of a large document no more than a part is held twice.
fn value(element: Element, form: &'static Form, at: &Path<'_>, not_held: &mut NotHeld) -> Result<Value<'static>, Refusal> {
    if matches!(form, Form::Token | Form::Prose | Form::TextAs(_)) && !element.children.is_empty() {
        return Err(at.refusal("elements within a text"));
    }
    name_homeless(&element, form, at, not_held);
    Ok(match form {
        Form::Token => Value::text(collapsed(&element.text)),
        Form::Prose => Value::text(element.text),
        Form::Members(_) | Form::TextAs(_) => Value::Object(object(element, form, at, not_held)?.build()),
        Form::List(name, item) => {
            let mut items = Vec::new();
            for child in element.children.into_iter().filter(|child| child.is(name)) {
                items.push(value(child, item, &Path::Item(at, items.len()), not_held)?);
            }
            Value::List(items)
        }
        Form::Choices(choice) => {
            let mut items = Vec::new();
            for child in element.children {
                let mut item = ObjectBuilder::default();
                add(&mut item, child, choice, &Path::Item(at, items.len()), not_held)?;
                items.push(Value::Object(item.build()));
            }
            Value::List(items)
        }
        Form::Dependencies => {
            let mut items = Vec::new();
            element.children.into_iter().filter(|child| child.is("dependency")).for_each(|child| add_dependency(child, &mut items));
            Value::List(items)
        }
    })
}

/// Names what the JSON form has no place for.
fn name_homeless(element: &Element, form: &'static Form, at: &Path<'_>, not_held: &mut NotHeld) {
    let is_part = |child: &&Element| match form {
        Form::List(name, _) => child.is(name),
        Form::Dependencies => child.is("dependency"),
        _ => true,
    };
    let is_list = matches!(form, Form::List(..) | Form::Choices(_) | Form::Dependencies);
    if !is_list && !matches!(form, Form::Token | Form::Prose) {
        return;
    }
    let attributes = element.attributes.iter().map(|(name, _)| name.as_str());
    let others = element.children.iter().filter(|child| !is_part(child)).map(|child| child.name.as_str());
    let text = (is_list && !element.text.trim_ascii().is_empty()).then_some(STRAY_TEXT);
    attributes.chain(others).chain(text).for_each(|name| not_held.add_member(&at.pattern(), name));
}

fn object(element: Element, form: &'static Form, at: &Path<'_>, not_held: &mut NotHeld) -> Result<ObjectBuilder<'static>, Refusal> {
    let mut object = ObjectBuilder::default();
    for (name, value) in element.attributes {
        let name = if name.ends_with(":schemaLocation") { "$schema" } else { &name };
        push_new(&mut object, name, || Value::text(value));
    }
    match form {
        Form::TextAs(member) => push_new(&mut object, member, || Value::text(collapsed(&element.text))),
        _ if !element.text.trim_ascii().is_empty() => push_new(&mut object, STRAY_TEXT, || Value::Bool(true)),
        _ => {}
    }
    for child in element.children {
        add(&mut object, child, form, at, not_held)?;
    }
    Ok(object)
}

/// Adds an element to the object of the one that it is in.
fn add(
    object: &mut ObjectBuilder<'static>,
    child: Element,
    form: &'static Form,
    at: &Path<'_>,
    not_held: &mut NotHeld,
) -> Result<(), Refusal> {
    let members = if let Form::Members(members) = form { *members } else { &[] };
    let known = members.iter().find(|(name, ..)| child.is(name));
    let Some((name, member, form)) = known else {
        push_new(object, &child.name, || Value::Bool(true));
        return Ok(());
    };
    let path = Path::Member(at, member);
    if object.has(member) {
        return Err(path.refusal(format!("the element {name:?} is given twice, or as an attribute too")));
    }
    let value = value(child, form, &path, not_held)?;
    object.push((*member).into(), value);
    Ok(())
}

/// What an element depends on stands within it; each of those may tell the same of itself.
fn add_dependency(element: Element, items: &mut Vec<Value<'static>>) {
    let mut item = ObjectBuilder::default();
    for (name, value) in element.attributes {
        push_new(&mut item, &name, || Value::text(value));
    }
    let (nested, others): (Vec<_>, Vec<_>) = element.children.into_iter().partition(|child| child.is("dependency"));
    let refs = nested.iter().filter_map(|child| child.attributes.iter().find(|(name, _)| name == "ref"));
    let depends_on: Vec<_> = refs.map(|(_, reference)| Value::text(reference.clone())).collect();
    if !depends_on.is_empty() {
        push_new(&mut item, "dependsOn", || Value::List(depends_on));
    }
    others.iter().for_each(|child| push_new(&mut item, &child.name, || Value::Bool(true)));
    if !element.text.trim_ascii().is_empty() {
        push_new(&mut item, STRAY_TEXT, || Value::Bool(true));
    }
    items.push(Value::Object(item.build()));
    nested.into_iter().filter(|child| !child.children.is_empty()).for_each(|child| add_dependency(child, items));
}

/// Adds a member, unless there is one of that name.
fn push_new(object: &mut ObjectBuilder<'static>, name: &str, value: impl FnOnce() -> Value<'static>) {
    let name = nfc(name.into()).into_owned();
    if !object.has(&name) {
        object.push(name.into(), value());
    }
}

fn collapsed(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
