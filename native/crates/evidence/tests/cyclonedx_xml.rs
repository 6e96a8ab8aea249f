//! Bills of materials in XML: the same records as in JSON, and every refusal with its place.

use stella_canonical::JsonLimits;
use stella_evidence::{Evidence, EvidenceLimits, Form, read_document};

const LIMITS: EvidenceLimits =
    EvidenceLimits { json: JsonLimits { max_depth: 16, max_values: 1_000 }, max_records_bytes: 65_536, max_body_bytes: 65_536 };

const XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!-- made by hand -->
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" xmlns:x="https://example.org/extension" serialNumber="urn:uuid:11111111-2222-4333-8444-555555555555" version="3">
  <metadata>
    <timestamp>2024-05-06T07:08:09Z</timestamp>
    <tools><tool><name>hand</name></tool></tools>
    <authors><author><name>Orchard Works</name></author></authors>
    <component type="application" bom-ref="app"><name>orchard</name><version>2.0</version></component>
  </metadata>
  <components>
    <component type="library" bom-ref="pear" mime-type="text/plain">
      <name>pe<!-- parted -->ar &amp; <![CDATA[<core>]]></name>
      <version>
        1.2.3
      </version>
      <hashes><hash alg="SHA-256">0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef</hash></hashes>
      <licenses><license><id>MIT</id><url>https://example.org</url></license><expression>MIT OR Apache-2.0</expression></licenses>
      <purl>pkg:npm/pear@1.2.3</purl>
      <components><component type="file"><name>seed</name></component></components>
      <x:note>kept out</x:note>
    </component>
  </components>
  <dependencies>
    <dependency ref="app"><dependency ref="pear"/></dependency>
    <dependency ref="pear"/>
  </dependencies>
  <vulnerabilities>
    <vulnerability bom-ref="v1">
      <id>CVE-2024-0001</id>
      <source><name>NVD</name><url>https://nvd.example</url></source>
      <references><reference><id>GHSA-aaaa-bbbb-cccc</id></reference></references>
      <ratings><rating><severity>high</severity></rating></ratings>
      <description>Two
lines</description>
      <analysis>
        <state>not_affected</state>
        <justification>code_not_reachable</justification>
        <responses><response>will_not_fix</response></responses>
        <detail>Never called</detail>
      </analysis>
      <affects><target><ref>pear</ref><versions><version><version>1.2.3</version><status>unaffected</status></version></versions></target></affects>
    </vulnerability>
  </vulnerabilities>
</bom>
"#;

const JSON: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:11111111-2222-4333-8444-555555555555", "version": 3,
  "metadata": {
    "timestamp": "2024-05-06T07:08:09Z",
    "tools": [{"name": "hand"}],
    "authors": [{"name": "Orchard Works"}],
    "component": {"type": "application", "bom-ref": "app", "name": "orchard", "version": "2.0"}},
  "components": [
    {"type": "library", "bom-ref": "pear", "mime-type": "text/plain", "name": "pear & <core>", "version": "1.2.3",
     "hashes": [{"alg": "SHA-256", "content": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}],
     "licenses": [{"license": {"id": "MIT", "url": "https://example.org"}}, {"expression": "MIT OR Apache-2.0"}],
     "purl": "pkg:npm/pear@1.2.3", "components": [{"type": "file", "name": "seed"}], "x:note": true}],
  "dependencies": [{"ref": "app", "dependsOn": ["pear"]}, {"ref": "pear"}],
  "vulnerabilities": [
    {"bom-ref": "v1", "id": "CVE-2024-0001", "source": {"name": "NVD", "url": "https://nvd.example"},
     "references": [{"id": "GHSA-aaaa-bbbb-cccc"}], "ratings": [{"severity": "high"}], "description": "Two\nlines",
     "analysis": {"state": "not_affected", "justification": "code_not_reachable", "response": ["will_not_fix"], "detail": "Never called"},
     "affects": [{"ref": "pear", "versions": [{"version": "1.2.3", "status": "unaffected"}]}]}]}"#;

fn read(document: &str) -> Evidence {
    read_document(document.as_bytes(), Form::File, &LIMITS).unwrap_or_else(|refusal| panic!("{document}: {refusal:?}"))
}

fn refused(document: impl AsRef<[u8]>) -> String {
    let refusal = read_document(document.as_ref(), Form::File, &LIMITS).expect_err("must be refused");
    format!("{}: {}", refusal.place, refusal.reason)
}

/// A document with this in it.
fn bom(content: &str) -> String {
    format!("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">{content}</bom>")
}

#[test]
fn xml_gives_the_same_records_as_json() {
    let (xml, json) = (read(XML), read(JSON));
    let records = |evidence: &Evidence| -> Vec<_> {
        let told = evidence.records.iter();
        told.map(|record| (record.body.clone(), record.selectors.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()))
            .collect()
    };
    assert_eq!(records(&xml), records(&json));
    assert_eq!(xml.not_held, json.not_held);
    assert_eq!((&xml.document_key, xml.document_version, xml.modified_at), (&json.document_key, json.document_version, json.modified_at));
    assert_eq!((xml.media_type, json.media_type), ("application/vnd.cyclonedx+xml", "application/vnd.cyclonedx+json"));
}

#[test]
fn namespaces_may_have_prefixes() {
    let prefixed = XML.replace("xmlns=\"http", "xmlns:b=\"http").replace("</", "</b:").replace('<', "<b:");
    let prefixed = prefixed
        .replace("<b:/b:", "</b:")
        .replace("<b:!", "<!")
        .replace("<b:?", "<?")
        .replace("b:x:note", "x:note")
        .replace("<![CDATA[<b:core>", "<![CDATA[<core>");
    assert_eq!(read(&prefixed).records[0].body, read(XML).records[0].body);
}

#[test]
fn what_is_malformed_or_too_much_is_refused_with_its_place() {
    let deep = format!("{}{}", "<components><component>".repeat(5_000), "</component></components>".repeat(5_000));
    let wide = "<component/>".repeat(1_001);
    let attributes: String = (0..65).map(|number| format!(" a{number}=\"\"")).collect();
    for (document, told) in [
        (bom("<components>"), "malformed XML"),
        ("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"><components/>".into(), "truncated XML"),
        (format!("{}<a/>", bom("")), "malformed XML: a second root element"),
        (format!("{}words", bom("")), "malformed XML: text outside of the root element"),
        (bom("<y:a/>"), "malformed XML: the prefix"),
        (bom("<a b=\"1\" b=\"2\"/>"), "malformed XML"),
        (bom("<a b=\"1\" c=\"<!--\"/>-->"), "1:50: malformed XML: \"<\" in the value of an attribute"),
        (bom("<a b='<?'/>?>"), "malformed XML: \"<\" in the value of an attribute"),
        (bom("<a xmlns:b='<![CDATA[]]>'/>"), "malformed XML: \"<\" in the value of an attribute"),
        (bom(&format!("<a{attributes}/>")), "more than 64 attributes of one element"),
        (bom("&#0;"), "malformed XML"),
        (bom("&nbsp;"), "1:50: the entity \"nbsp\" is not declared: XML itself has amp, lt, gt, apos and quot alone"),
        (bom("&#xFFFF;"), "1:50: a reference to a character that XML does not allow"),
        (bom("\u{1}"), "a character that XML does not allow"),
        (bom(&deep), "nested more than 16 levels deep"),
        (bom(&wide), "more than 1000 values in one document"),
        (format!("<!DOCTYPE bom [<!ENTITY a \"b\">]>{}", bom("&a;")), "a document type declaration, which is not read"),
        (format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}", bom("")), "only UTF-8 is read"),
        (
            bom("<components><component type=\"library\"><name>a</name><name>b</name></component></components>"),
            "the element \"name\" is given twice",
        ),
        (bom("<components><component type=\"library\"><name>a<b/></name></component></components>"), "elements within a text"),
        (bom("<components><component type=\"library\"/></components>"), "name"),
        (bom(""), "a bill of materials needs components"),
        (bom("").replace("1.4", "1.1"), "unsupported format: CycloneDX 1.1"),
        (bom("").replace("cyclonedx.org/schema/bom", "example.org"), "unsupported format: XML or HTML"),
        ("<!doctype html><p>".into(), "unsupported format: HTML"),
        ("<html lang=en>".into(), "unsupported format: XML or HTML"),
    ] {
        let refusal = refused(&document);
        assert!(refusal.contains(told), "{}: {refusal}", &document[..document.len().min(200)]);
    }
    read(&bom("<components a='&lt;!--'><component type=\"library\"><name>a</name></component></components>"));
    assert!(refused(b"<bom>\xff</bom>").contains("1:6: invalid UTF-8"));
}

#[test]
fn what_is_not_well_formed_is_refused_although_it_could_be_read() {
    let declared = |declaration: &str| format!("{declaration}{}", bom(""));
    let declaration = "1:1: malformed XML: an XML declaration has a version 1.x, then perhaps an encoding";
    let late = "malformed XML: an XML declaration that is not the beginning of the document";
    for (document, told) in [
        (bom("a]]>b"), "1:51: malformed XML: \"]]>\" in text"),
        (declared("\n\n<?xml version=\"1.0\"?>"), &format!("3:1: {late}")),
        (declared("<?xml version=\"1.0\"?>\n<?xml version=\"1.0\"?>"), &format!("2:1: {late}")),
        (bom("<a b=\"1\"c=\"2\"/>"), "1:58: malformed XML: white space is needed before an attribute"),
        (bom("<a b='1'c='2'></a>"), "1:58: malformed XML: white space is needed before an attribute"),
        (bom("<a b=1/>"), "1:52: malformed XML: an attribute whose value is not in quotes"),
        (bom("<!-- a -- b -->"), "1:57: malformed XML: \"--\" in a comment"),
        (bom("<!-- a --->"), "1:57: malformed XML: \"--\" in a comment"),
        (bom("<1name>n</1name>"), "1:50: malformed XML: an element cannot be named \"1name\""),
        (bom("<a:b:c xmlns:a=\"urn:a\"/>"), "1:50: malformed XML: an element cannot be named \"a:b:c\""),
        (bom("<a q:b=\"\"/>"), "1:50: malformed XML: the prefix \"q\" is not declared"),
        (bom("<a xmlns:q=\"&x;\"/>"), "1:50: malformed XML: "),
        (bom("<?a:b c?>"), "1:50: malformed XML: a processing instruction cannot be named \"a:b\""),
        (bom("<a 1b=\"\"/>"), "1:52: malformed XML: an attribute cannot be named \"1b\""),
        (bom("<?XML a?>"), "1:50: malformed XML: a processing instruction cannot be named \"XML\""),
        (declared("<?xml?>"), declaration),
        (declared("<?xml encoding=\"UTF-8\"?>"), declaration),
        (declared("<?xml version=\"2.0\"?>"), declaration),
        (declared("<?xml version=\"1.0\" standalone=\"maybe\"?>"), declaration),
        (declared("<?xml version=\"1.0\" standalone=\"yes\" encoding=\"UTF-8\"?>"), declaration),
        (declared("<?xml version=\"1.0\" a=\"b\"?>"), declaration),
        (format!("{}<![CDATA[ ]]>", bom("")), "1:56: malformed XML: text outside of the root element"),
        (format!("{}&#32;", bom("")), "1:56: malformed XML: text outside of the root element"),
    ] {
        let refusal = refused(&document);
        assert!(refusal.starts_with(told), "{document}: {refusal}");
    }
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><bom>\xe9</bom>";
    assert_eq!(refused(latin), "1:1: XML in \"ISO-8859-1\"; only UTF-8 is read");
    assert!(refused(b"<?xml version=\"1.0\"?><bom>\xe9</bom>").contains("invalid UTF-8"));
}

#[test]
fn what_is_well_formed_is_read_however_unusual() {
    let component = "<components><component type = 'library'\n bom-ref\t=\t\"a > b\" ><name>\u{e9}-]]&gt;</name><\u{e9}l\u{e9}ment.1/></component ></components>";
    for before in
        ["<?xml version='1.0' encoding='utf-8' standalone='no' ?>\n<!-- a - b -->", "<?xml version=\"1.1\"?><?xml-stylesheet a?>", "\n\n"]
    {
        let evidence = read(&format!("{before}{}", bom(component)));
        assert!(evidence.records[0].body.contains("\"name\":\"\u{e9}-]]>\",\"ref\":\"a > b\""), "{}", evidence.records[0].body);
    }
}

#[test]
fn what_json_has_no_place_for_is_named() {
    let component = "<component type=\"library\" bom-ref=\"a\"><name q:lang=\"x\">n</name>\
        <licenses q:in=\"x\"><q:of/><expression acknowledgement=\"declared\">MIT</expression></licenses>\
        <components><q:inner/><component type=\"file\"><name>m</name><components>deep</components></component></components></component>";
    let document = bom(&format!(
        "<metadata><component type=\"application\"><name>s</name><components>part</components></component></metadata>\
         <components q:on=\"x\"><q:x>1</q:x>stray{component}<component xmlns=\"urn:other\"/><{}/></components>\
         <dependencies><q:y/><dependency ref=\"a\">words</dependency></dependencies>",
        "l".repeat(70),
    ));
    let document = document.replacen("<bom ", "<bom xmlns:q=\"urn:q\" ", 1);
    let evidence = read(&document);
    let cut = format!("/components/{}", "l".repeat(64));
    assert_eq!(
        evidence.not_held.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "/components/#text",
            "/components/*/#text",
            "/components/*/licenses/*/expression/acknowledgement",
            "/components/*/licenses/*/q:of",
            "/components/*/licenses/q:in",
            "/components/*/name/q:lang",
            "/components/*/q:inner",
            "/components/component",
            &cut,
            "/components/q:on",
            "/components/q:x",
            "/dependencies/*/#text",
            "/dependencies/q:y",
            "/metadata/component/#text",
        ]
    );
    assert_eq!(evidence.records[0].body.matches("\"ref\"").count(), 4);
}
