use stella_canonical::{Object, Value};

/// Analysis states as OpenVEX statuses, by the definitions of both (CycloneDX 1.6, `impactAnalysisState`; OpenVEX 0.2.0, "Status Labels").
/// What is falsely identified cannot affect.
static STATUSES: [(&str, &str); 6] = [
    ("exploitable", "affected"),
    ("resolved", "fixed"),
    ("resolved_with_pedigree", "fixed"),
    ("in_triage", "under_investigation"),
    ("not_affected", "not_affected"),
    ("false_positive", "not_affected"),
];

/// Justifications that say the same in both formats (CycloneDX 1.6, `impactAnalysisJustification`; OpenVEX 0.2.0, "Status
/// Justifications"). OpenVEX has none for a configuration, dependency or environment that is needed, nor for protection outside the
/// product: those are told in the impact statement.
static JUSTIFICATIONS: [(&str, &str); 4] = [
    ("code_not_present", "vulnerable_code_not_present"),
    ("code_not_reachable", "vulnerable_code_not_in_execute_path"),
    ("protected_by_compiler", "inline_mitigations_already_exist"),
    ("protected_at_runtime", "inline_mitigations_already_exist"),
];

/// The OpenVEX status of a vulnerability that is analysed.
pub(crate) fn status_of(vulnerability: &Value<'_>) -> Option<&'static str> {
    let state = vulnerability.get("analysis")?.get_text("state")?;
    STATUSES.iter().find(|(theirs, _)| *theirs == state).map(|(_, ours)| *ours)
}

/// The analysis in CycloneDX's own words.
pub(crate) fn stated<'a>(vulnerability: &Value<'a>, analysis: &Value<'a>) -> Value<'a> {
    let mut stated = Object::default();
    for (from, member, name) in [
        (vulnerability, "bom-ref", "bom_ref"),
        (analysis, "state", "state"),
        (analysis, "justification", "justification"),
        (analysis, "response", "response"),
    ] {
        if let Some(value) = from.get(member) {
            stated.insert(name, value.clone());
        }
    }
    Value::Object(stated)
}

/// Justification and impact of what is not affected, action for what is, and notes on the rest.
pub(crate) fn explain<'a>(statement: &mut Object<'a>, status: &str, vulnerability: &Value<'a>, analysis: &Value<'a>) {
    let detail = analysis.get_text("detail");
    let given = analysis.get_text("justification");
    let justification = JUSTIFICATIONS.iter().find(|(theirs, _)| Some(*theirs) == given).map(|(_, ours)| *ours);
    if status == "not_affected" {
        if let Some(justification) = justification {
            statement.insert("justification", Value::text(justification));
        }
        let is_false = analysis.get_text("state") == Some("false_positive");
        let unmapped = given.filter(|_| justification.is_none()).or_else(|| is_false.then_some("false_positive"));
        let impact: Vec<&str> = [unmapped, detail].into_iter().flatten().collect();
        if !impact.is_empty() {
            statement.insert("impact_statement", Value::text(impact.join(": ")));
        }
        return;
    }
    if let Some(detail) = detail {
        statement.insert("status_notes", Value::text(detail.to_owned()));
    }
    if status == "affected" {
        let responses: Vec<&str> = analysis.get_list("response").iter().filter_map(Value::as_text).collect();
        let responses = (!responses.is_empty()).then(|| format!("response: {}", responses.join(", ")));
        let told = [vulnerability.get_text("recommendation"), vulnerability.get_text("workaround"), responses.as_deref()];
        let actions: Vec<&str> = told.into_iter().flatten().collect();
        if !actions.is_empty() {
            statement.insert("action_statement", Value::text(actions.join("\n")));
        }
    }
}
