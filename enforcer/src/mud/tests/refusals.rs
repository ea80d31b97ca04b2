//! Files without a usable policy, and what they are told.

use super::*;

const LOCAL: &str = r#""ietf-mud:mud":{"local-networks":[null]}"#;

fn good() -> String {
    file("ipv4-acl-type", &[accept("a", LOCAL)], &[accept("a", LOCAL)])
}

fn codes(text: &str) -> Vec<&'static str> {
    refuse(text).iter().map(|problem| problem.code).collect()
}

#[test]
fn only_strict_json_is_json() {
    for text in ["", "{", "// a\n{}", "{\"a\":1,}", "{'a':1}", "{a:1}", "{} {}", "{\"a\":0x1}", "{\"a\" 1}"] {
        assert_eq!(codes(text), [code::NOT_JSON], "{text}");
    }
    assert_eq!(codes("[]"), [code::VALUE]);
    let problem = &refuse("{\n\n \"a\": oops}")[0];
    assert_eq!(problem.line, 3);
}

#[test]
fn the_container_its_version_and_its_url_must_be_there() {
    assert_eq!(codes("{}"), [code::NO_CONTAINER]);
    assert_eq!(codes(&good().replace("\"mud-version\":1", "\"mud-version\":2")), [code::VERSION]);
    assert_eq!(codes(&good().replace("\"mud-version\":1,", "")), [code::VERSION]);
    assert_eq!(codes(&good().replace("mud-url", "mud-uri")), [code::URL]);
    for url in ["vendor", "https:///x", "https://user@vendor.example/x", "urn:x:y"] {
        assert_eq!(codes(&good().replace("https://Vendor.Example/model.json", url)), [code::URL], "{url}");
    }
}

#[test]
fn a_policy_must_refer_to_a_list() {
    let text = good().replace(r#"[{"name":"f"}]"#, "[]").replace(r#"[{"name":"t"}]"#, r#"[{"name":"gone"}]"#);
    assert_eq!(codes(&text), [code::NO_POLICY]);
}

#[test]
fn names_and_keys_are_unique() {
    let twice = file("ipv4-acl-type", &[accept("a", LOCAL), accept("a", LOCAL)], &[]);
    assert_eq!(codes(&twice), [code::DUPLICATE]);
    assert_eq!(codes(&good().replace(r#"{"name":"t","type""#, r#"{"name":"f","type""#)), [code::DUPLICATE]);
    let key = good().replacen(r#""local-networks":[null]"#, r#""local-networks":[null],"local-networks":[null]"#, 1);
    assert_eq!(codes(&key), [code::DUPLICATE]);
}

#[test]
fn entries_say_what_they_do() {
    assert_eq!(codes(&good().replacen(r#","actions":{"forwarding":"accept"}"#, "", 1)), [code::MISSING]);
    assert_eq!(codes(&good().replacen(r#""forwarding":"accept""#, "", 1)), [code::MISSING]);
    assert_eq!(codes(&good().replacen(r#""forwarding":"accept""#, r#""forwarding":"maybe""#, 1)), [code::VALUE]);
    assert_eq!(codes(&good().replacen(r#""name":"a","#, "", 1)), [code::MISSING]);
}

#[test]
fn values_are_of_their_type() {
    for matches in [
        r#""tcp":{"source-port":{"port":65536}}"#,
        r#""tcp":{"source-port":{"port":"443"}}"#,
        r#""tcp":{"source-port":{"port":-1}}"#,
        r#""tcp":{"source-port":443}"#,
        r#""tcp":{"ietf-mud:direction-initiated":"sideways"}"#,
        r#""ipv4":{"protocol":256}"#,
        r#""ipv4":{"protocol":"tcp"}"#,
        r#""ipv4":{"source-ipv4-network":"10.0.0.0/33"}"#,
        r#""icmp":{"type":300}"#,
        r#""eth":{"ethertype":"0x12345"}"#,
        r#""ietf-mud:mud":[]"#,
    ] {
        assert_eq!(codes(&file("ipv4-acl-type", &[accept("a", matches)], &[])), [code::VALUE], "{matches}");
    }
}

#[test]
fn all_problems_are_told_in_the_order_of_the_file() {
    let bad = r#""tcp":{"source-port":{"port":70000}}"#;
    let text = file("ipv4-acl-type", &[accept("a", bad), accept("b", bad)], &[accept("a", bad)])
        .replace("\"mud-version\":1,", "");
    let problems = refuse(&text);
    let told: Vec<_> = problems.iter().map(|problem| (problem.code, problem.line)).collect();
    assert_eq!(told, [(code::VERSION, 1), (code::VALUE, 5), (code::VALUE, 6), (code::VALUE, 8)]);
    assert_eq!(&text[problems[1].span.clone()], "70000");
}

#[test]
fn a_problem_in_a_list_that_is_not_applied_does_not_matter() {
    let bad = accept("a", r#""tcp":{"source-port":{"port":70000}}"#);
    let text = file("ipv4-acl-type", &[accept("a", LOCAL)], &[bad]).replace(r#"[{"name":"t"}]"#, "[]");
    compile(&text);
}

#[test]
fn metadata_is_told_but_not_required() {
    let text = good()
        .replace(r#","last-update":"2026-03-01T12:00:00Z","is-supported":true"#, r#","cache-validity":0,"vendor:x":1"#)
        .replace("https://Vendor", "http://Vendor");
    let (_, lints) = compile(&text);
    assert_eq!(lints.iter().filter(|lint| lint.code == code::METADATA).count(), 4);
    assert!(has(&lints, code::EXTENSION));
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem() {
    let problems = crate::mud::parse(std::path::Path::new("no-such-file.json"), "x.json").unwrap_err();
    assert_eq!(problems[0].code, code::UNREADABLE);
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let text = good();
    for end in 0..text.len() {
        assert_eq!(codes(&text[..end]), [code::NOT_JSON]);
    }
}

#[test]
fn any_value_in_place_of_any_other_is_judged_without_panic() {
    let text = good();
    for word in ["null", "[]", "{}", "[null]", "7", "-1.5e3", "\"\u{fc}\"", "true"] {
        for (at, _) in text.match_indices(':') {
            let rest = text[at + 1..].find([',', '}']).map_or("", |end| &text[at + 1 + end..]);
            let _ = parse_text(&format!("{}:{word}{rest}", &text[..at]), "x.json");
        }
    }
}
