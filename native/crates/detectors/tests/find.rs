//! Every form of credential is found, and text that only looks like one is not. The credentials here are made up.

use stella_detectors::{Detectors, redact};

fn found(text: &str) -> Vec<(&'static str, String)> {
    let mut findings = Vec::new();
    Detectors::new().find(text.as_bytes(), &mut findings);
    findings.into_iter().map(|finding| (finding.detector, text[finding.span].to_owned())).collect()
}

fn only(text: &str) -> (&'static str, String) {
    let findings = found(text);
    assert_eq!(findings.len(), 1, "{text}: {findings:?}");
    findings.into_iter().next().expect("there is one")
}

/// Made up here, so that no scanner takes this file for a leak.
fn letters(count: usize) -> String {
    "Ab3dEfGh1jKlMn0pQrStUvWxYz2468".chars().cycle().take(count).collect()
}

#[test]
fn tokens_are_found_by_their_forms() {
    let cases = [
        ("github-token", format!("ghp_{}", letters(36))),
        ("github-token", format!("gho_{}", letters(36))),
        ("github-token", format!("ghu_{}", letters(36))),
        ("github-token", format!("ghs_{}", letters(36))),
        ("github-token", format!("ghr_{}", letters(76))),
        ("github-token", format!("github_pat_{}_{}", letters(22), letters(59))),
        ("gitlab-token", format!("glpat-{}", letters(20))),
        ("slack-token", format!("xoxb-123456789012-{}", letters(24))),
        ("slack-token", format!("xoxp-123456789012-{}", letters(24))),
        ("google-api-key", format!("AIza{}", letters(35))),
        ("npm-token", format!("npm_{}", letters(36))),
        ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", letters(80))),
        ("stripe-key", format!("sk_live_{}", letters(24))),
        ("stripe-key", format!("rk_live_{}", letters(24))),
        ("aws-access-key-id", format!("AKIA{}", "ABCDEFGH23456777")),
        ("aws-access-key-id", format!("ASIA{}", "ABCDEFGH23456777")),
    ];
    for (detector, token) in cases {
        for around in
            [format!("see {token}, it leaked"), token.clone(), format!("{{\"details\":\"line\\n{token}\\nline\"}}"), format!("KEY={token}")]
        {
            assert_eq!(only(&around), (detector, token.clone()), "{around}");
        }
        assert_eq!(found(&format!("x{token}")), [], "in the middle of a word: {token}");
        assert_eq!(found(&token[..14]), [], "cut short: {token}");
    }
}

#[test]
fn connection_strings_and_webhooks_lose_their_secret_part() {
    let key = letters(86);
    assert_eq!(only(&format!("AccountName=a;AccountKey={key}==;EndpointSuffix=x")), ("azure-key", format!("{key}==")));
    assert_eq!(only(&format!("SharedAccessKey={}=", &key[..43])), ("azure-key", format!("{}=", &key[..43])));
    let path = format!("T00000000/B00000000/{}", letters(24));
    assert_eq!(only(&format!("https://hooks.slack.com/services/{path}\"")), ("slack-webhook", path));
    assert_eq!(found("https://hooks.slack.com/services/ is documented at slack.com/help"), []);
}

#[test]
fn the_secret_of_an_aws_key_goes_with_it() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY";
    let text = format!("aws_access_key_id = AKIAABCDEFGH23456777\\naws_secret_access_key = {secret}\\n");
    assert_eq!(found(&text).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["aws-access-key-id", "aws-secret-access-key"]);
    assert_eq!(only(&format!("\"SecretAccessKey\": \"{secret}\"")), ("aws-secret-access-key", secret.to_owned()));
    assert_eq!(found("AKIAABCDEFGH23456777 in commit 0123456789abcdef0123456789abcdef01234567").len(), 1, "a commit is no secret");
    assert_eq!(found(&format!("AKIAABCDEFGH23456777\\n{}", letters(39))).len(), 1, "39 characters and the letter of an escape");
    assert_eq!(found(&format!("\\npm_{}", letters(36))), [], "a line end and other text");
    assert_eq!(found("the secret_access_key is read from a file"), []);
    assert_eq!(only(&format!("TOKEN_ghp_{}", letters(36))).0, "github-token", "a name is joined to its secret by _");
    assert_eq!(found(&format!("Aghp_{}", letters(36))), [], "within a word");
}

#[test]
fn private_keys_are_found_in_json_and_out_of_it() {
    let line = letters(64);
    for label in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "] {
        for end in ["\n", "\\n", "\\r\\n", "\\\\n"] {
            let key = format!("-----BEGIN {label}PRIVATE KEY-----{end}{line}{end}{line}=={end}-----END {label}PRIVATE KEY-----");
            assert_eq!(only(&format!("\"{key}{end}\"")), ("private-key", key.clone()), "{key}");
        }
    }
    let old = format!("-----BEGIN RSA PRIVATE KEY-----\\nProc-Type: 4,ENCRYPTED\\nDEK-Info: AES-128-CBC,00FF\\n\\n{line}\\n");
    assert_eq!(only(&old).0, "private-key", "cut off before its end");
    let pgp = format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{line}\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----");
    assert_eq!(only(&pgp), ("private-key", pgp.clone()));
    let google = format!("\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{line}\\n-----END PRIVATE KEY-----\\n\"");
    assert_eq!(only(&google).0, "gcp-service-account-key");
    for prose in [
        "files with `-----BEGIN RSA PRIVATE KEY-----` were readable",
        "the line -----BEGIN PRIVATE KEY----- and then the words of a sentence that goes on and on and on",
        "-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAbCdEfGhIjKlMnOpQrStUvWxYz01234567890",
    ] {
        assert_eq!(found(prose), [], "{prose}");
    }
}

#[test]
fn json_web_tokens_need_a_header_with_an_algorithm() {
    let (header, payload, signature) = ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", letters(43));
    let token = format!("{header}.{payload}.{signature}");
    assert_eq!(only(&format!("Bearer {token}.")), ("jwt", token.clone()));
    assert_eq!(only(&format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.{payload}.{signature}")).0, "jwt");
    let long = format!("{header}.{}.{}", letters(100_000), letters(50_000));
    assert_eq!(only(&format!("Bearer {long}\"")), ("jwt", long.clone()), "parts of any length");
    assert_eq!(found(&format!("{header}.{payload}")), [], "two parts");
    assert_eq!(found(&format!("eyJhIjoxfQ.{payload}.{signature}")), [], "no alg");
}

#[test]
fn urls_lose_user_and_password() {
    assert_eq!(only("git clone https://bob:hunter2@git.example/repo"), ("url-credentials", "bob:hunter2".into()));
    assert_eq!(only("redis://:p4ss@cache:6379/0"), ("url-credentials", ":p4ss".into()));
    assert_eq!(only("postgres://a:p@ss@db/x"), ("url-credentials", "a:p@ss".into()));
    let long = format!("u:{}", letters(100_000));
    assert_eq!(only(&format!("https://{long}@host.example/")), ("url-credentials", long));
    for (text, credential) in [
        ("https://user:p(a)ss1234@host.example/x", "user:p(a)ss1234"),
        ("[a](https://user:p(a)ss1234@host.example/x)", "user:p(a)ss1234"),
        ("https://user:p)ss((1234@host.example/x", "user:p)ss((1234"),
        ("https://user:pass1234@host.example,@,", "user:pass1234"),
        ("(git+ssh://user:pass1234@host.example),bob@x", "user:pass1234"),
        ("(https://a.example:80),(https://user:pass1234@host.example)", "user:pass1234"),
    ] {
        assert_eq!(only(text), ("url-credentials", credential.into()), "{text}");
    }
    for text in [
        "mail bob@example.com or see https://example.com/@scope/name:tag",
        "ssh://git@github.com/a/b and pkg:npm/%40angular/core@12.3.1",
        "https://example.com:8443/path@x",
        "[text](https://a.example/x) and [text](https://a.example:8443/x@y:z)",
        "https://host.example/path:with(paren)@x",
        "[text](https://a.example:8443)@bob (https://a.example:8443),bob@b.example (https://a.example),(mailto:bob@b.example)",
        "http://user:$PASSWORD@host http://user:${PASS}@host http://user:{password}@host http://u:***@host http://u:xxxx@host",
        "https://[redacted:url-credentials]@host/",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn redact_replaces_the_span_and_finds_nothing_afterwards() {
    let token = format!("ghp_{}", letters(36));
    let text = format!("{{\"a\":\"{token}\",\"b\":\"https://u:hunter2@h/{token}\"}}");
    let mut findings = Vec::new();
    Detectors::new().find(text.as_bytes(), &mut findings);
    let redacted = String::from_utf8(redact(text.as_bytes(), &findings)).expect("still text");
    assert_eq!(redacted, "{\"a\":\"[redacted:github-token]\",\"b\":\"https://[redacted:url-credentials]@h/[redacted:github-token]\"}");
    assert_eq!(found(&redacted), []);
}

#[test]
fn text_that_cannot_hold_a_credential_holds_none() {
    let prefixes = [
        "TE KEY",
        "PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "AKIA",
        "cess_key",
        "b_pat_",
        "k_live_",
        "slack.com/",
        "ntKey=",
        "eyJh",
        "@",
        "://@",
        "://a:@",
    ];
    for prefix in prefixes {
        assert_eq!(found(prefix), [], "{prefix}");
        assert_eq!(found(&format!("\\{prefix}\\")), [], "{prefix}");
    }
}
