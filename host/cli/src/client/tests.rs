//! Asking a server.

use serde_json::json;
use yunei_model::Language;

use super::Client;
use crate::exit::Exit;
use crate::failure::exit;
use crate::testing::{Canned, json as answer};

fn client(url: &str) -> Client {
    Client::new(url, Some("yunei_00".to_owned()), Language::Zh).unwrap()
}

#[test]
fn a_question_carries_token_language_and_query() {
    let server = Canned::answering(vec![answer(200, r#"{"items":[]}"#)]);
    let ask = client(&server.url)
        .get("/runs")
        .query("after", Some("a b&c"))
        .query("limit", None::<u32>)
        .send()
        .unwrap();
    assert_eq!(ask, json!({ "items": [] }));
    let asked = server.asked();
    assert_eq!(asked[0].line, "GET /api/v1/runs?after=a%20b%26c");
    assert_eq!(asked[0].headers["authorization"], "Bearer yunei_00");
    assert_eq!(asked[0].headers["accept-language"], "zh");
}

#[test]
fn a_body_is_sent_with_its_type_and_length() {
    let server = Canned::answering(vec![answer(202, "{}"), answer(201, "{}"), answer(204, "")]);
    let client = client(&server.url);
    client
        .post("/runs")
        .header("idempotency-key", "k")
        .json(&json!({ "purpose": "a" }))
        .unwrap();
    client
        .post("/modules")
        .bytes("application/wasm", 5, &mut &b"\0asm\x0d"[..])
        .unwrap();
    client
        .delete("/emergency")
        .json(&json!({ "reason": "over" }))
        .unwrap();
    let asked = server.asked();
    assert!(asked[0].headers["content-type"].starts_with("application/json"));
    assert_eq!(asked[0].headers["idempotency-key"], "k");
    assert_eq!(asked[1].headers["content-type"], "application/wasm");
    assert_eq!(asked[1].headers["content-length"], "5");
    assert_eq!(asked[1].body, b"\0asm\x0d");
    assert!(!asked[1].headers.contains_key("transfer-encoding"));
    assert_eq!(asked[2].line, "DELETE /api/v1/emergency");
    assert!(String::from_utf8_lossy(&asked[2].body).contains("over"));
}

#[test]
fn a_refusal_keeps_its_code_and_clause() {
    let told = r#"{"code":"grant-field","message":"A field.","details":["f"],"clause":"use-fields","request_id":"1"}"#;
    let server = Canned::answering(vec![answer(403, told)]);
    let error = client(&server.url).post("/runs").empty().unwrap_err();
    assert_eq!(exit(&error), Exit::Refused);
    let told = crate::failure::for_people(&error);
    assert!(
        told.contains("grant-field") && told.contains("use-fields"),
        "{told}"
    );
}

#[test]
fn what_is_not_yunei_is_not_believed() {
    let redirect = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = Canned::answering(vec![redirect.to_owned(), answer(404, "<html>")]);
    let client = client(&server.url);
    let error = client.get("/me").send().unwrap_err();
    assert!(error.to_string().contains("status 302"), "{error:#}");
    let error = client.get("/me").send().unwrap_err();
    assert_eq!(exit(&error), Exit::Failed);
    drop(server.asked());
}

#[test]
fn a_server_that_is_not_there_is_no_fault_of_the_input() {
    // Nobody listens there, and nobody is given that port meanwhile.
    let error = client("http://127.0.0.1:1").get("/me").send().unwrap_err();
    assert_eq!(exit(&error), Exit::Failed);
    assert!(error.to_string().contains("yunei serve"), "{error:#}");
}

#[test]
fn only_addresses_of_servers_are_taken() {
    let made = |url: &str| Client::new(url, None, Language::En).map(|client| client.base);
    assert_eq!(
        made("http://127.0.0.1:8700/").unwrap(),
        "http://127.0.0.1:8700"
    );
    assert_eq!(
        made("https://yunei.example/api/v1").unwrap(),
        "https://yunei.example"
    );
    for wrong in [
        "",
        "127.0.0.1:8700",
        "ftp://yunei.example",
        "http://",
        "http://a/other",
    ] {
        assert!(made(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_token_that_leaves_the_machine_unprotected_is_noticed() {
    let clear = |url: &str| client(url).is_in_the_clear();
    assert!(clear("http://yunei.example:8700"));
    assert!(clear("http://10.0.0.7"));
    for fine in [
        "http://127.0.0.1:8700",
        "http://localhost:8700",
        "http://[::1]:8700",
        "https://yunei.example",
    ] {
        assert!(!clear(fine), "{fine}");
    }
    let stranger = Client::new("http://yunei.example", None, Language::En).unwrap();
    assert!(!stranger.is_in_the_clear());
}
