//! References of a bill of materials: each names one thing, and every component has one.

mod reading;

use reading::{body_with, not_held, read, refused, selectors_of, with};

fn bom(members: &str) -> String {
    format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6",{members}}}"#)
}

/// The reference of each component in the graph, which has them in order.
fn component_refs(document: &str) -> Vec<String> {
    let body = read(document).records[0].body.clone();
    let components = body.split_once(r#""components":"#).expect("components").1.split_once(r#","dependencies""#).expect("dependencies").0;
    components.split(r#""ref":""#).skip(1).map(|rest| rest.split('"').next().expect("a reference").to_owned()).collect()
}

#[test]
fn components_of_different_groups_are_different() {
    let document = bom(
        r#""components":[{"type":"library","group":"@b","name":"core","version":"1"},{"type":"library","group":"@a","name":"core","version":"1"}]"#,
    );
    let evidence = read(&document);
    assert!(body_with(&evidence, "@a/core@1").starts_with(
        r#"{"components":[{"group":"@a","name":"core","ref":"@a/core@1","type":"library","version":"1"},{"group":"@b","name":"core","ref":"@b/core@1","#
    ));
    assert!(not_held(&evidence).is_empty());
    let subject = bom(r#""metadata":{"component":{"type":"application","group":"a","name":"app","version":"1"}}"#);
    assert_eq!(read(&subject).document_key, "a/app@1");
    assert_eq!(read(&with(&subject, r#""group":"a""#, r#""group":"""#)).document_key, "app@1");
    assert!(selectors_of(&read(&subject), "a/app@1").contains(&"product=app@1".to_owned()));
}

#[test]
fn a_reference_that_is_made_is_unlike_every_other() {
    let nameless = r#"{"type":"library","name":"core","version":"1"}"#;
    let other = r#"{"type":"framework","name":"core","version":"1","scope":"optional"}"#;
    let named = r#"{"type":"library","name":"x","bom-ref":"core@1"}"#;
    let of = |components: &[&str]| component_refs(&bom(&format!(r#""components":[{}]"#, components.join(","))));

    let refs = of(&[nameless, named]);
    assert!(refs[0] == "core@1" && refs[1].starts_with("core@1#") && refs[1].len() == 39, "{refs:?}");
    assert_eq!(refs, of(&[named, nameless]), "whatever the order");
    assert_eq!(of(&[nameless, nameless]), ["core@1"], "one component that is listed twice");
    let three = of(&[nameless, other, named]);
    assert_eq!((three.len(), &three[0]), (3, &"core@1".to_owned()));
    assert_ne!(three[1], three[2]);
    // Nor is it one that somebody saw coming.
    let foreseen = format!(r#"{{"type":"library","name":"y","bom-ref":"{}"}}"#, refs[1]);
    assert_eq!(of(&[nameless, named, &foreseen]).iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
}

#[test]
fn a_reference_for_two_things_is_refused() {
    let twice = "something else with this reference was there before";
    for (members, place) in [
        (
            r#""components":[{"type":"library","name":"a","bom-ref":"r"},{"type":"library","name":"b","bom-ref":"r"}]"#,
            "/components/1/bom-ref",
        ),
        (
            r#""metadata":{"component":{"type":"application","name":"a","bom-ref":"r"}},"components":[{"type":"library","name":"b","components":[{"type":"file","name":"c","bom-ref":"r"}]}]"#,
            "/components/0/components/0/bom-ref",
        ),
        (
            r#""components":[{"type":"library","name":"a","bom-ref":"r"}],"services":[{"name":"s","services":[{"name":"t","bom-ref":"r"}]}]"#,
            "/services/0/services/0/bom-ref",
        ),
        (
            r#""metadata":{"component":{"type":"application","name":"a","bom-ref":"r","components":[{"type":"file","name":"b","bom-ref":"r"}]}}"#,
            "/metadata/component/components/0/bom-ref",
        ),
    ] {
        assert_eq!(refused(&bom(members)), format!("{place}: {twice}"));
    }
    let subject = r#"{"type":"application","name":"a","bom-ref":"r"}"#;
    let listed = bom(&format!(r#""metadata":{{"component":{subject}}},"components":[{subject},{subject}]"#));
    assert_eq!(component_refs(&listed), ["r"]);
}

#[test]
fn dependencies_that_name_nothing_are_not_held() {
    let dangling = read(&bom(
        r#""metadata":{"component":{"type":"application","name":"a","bom-ref":"a"}},"components":[{"type":"library","name":"b","purl":"pkg:npm/b@1"}],
        "services":[{"name":"s","bom-ref":"s"}],"dependencies":[{"ref":"a","dependsOn":["ghost","s","pkg:npm/b@1","urn:cdx:x/1#y"]},{"ref":"ghost"}]"#,
    ));
    let dependencies = r#""dependencies":[{"depends_on":["pkg:npm/b@1","s","urn:cdx:x/1#y"],"ref":"a"}]"#;
    assert!(dangling.records[0].body.contains(dependencies), "{}", dangling.records[0].body);
    assert_eq!(not_held(&dangling), ["/dependencies/*", "/dependencies/*/dependsOn/*", "/services"]);
}
