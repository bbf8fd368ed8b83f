//! Lists, page by page.

use serde_json::{Value, json};
use yunei_model::Language;

use super::{Part, first, pages};
use crate::client::Client;
use crate::testing::{Canned, json as answer};

fn client(server: &Canned) -> Client {
    Client::new(&server.url, None, Language::En).unwrap()
}

fn page(items: &[u64], next: Option<u64>) -> String {
    answer(200, &json!({ "items": items, "next": next }).to_string())
}

#[test]
fn pages_are_read_until_there_are_enough() {
    let server = Canned::answering(vec![page(&[1, 2], Some(2)), page(&[], None)]);
    let client = client(&server);
    let part = Part {
        limit: 3,
        after: None,
    };
    let list = pages(&part, || client.get("/record"), |_| false).unwrap();
    assert_eq!(list, json!({ "items": [1, 2], "next": null }));
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/record?limit=3",
            "GET /api/v1/record?after=2&limit=1"
        ]
    );
}

#[test]
fn a_full_list_says_where_the_next_one_begins() {
    let server = Canned::answering(vec![page(&[1, 2], Some(2))]);
    let client = client(&server);
    let part = Part {
        limit: 2,
        after: Some("0".to_owned()),
    };
    let list = pages(&part, || client.get("/record"), |_| false).unwrap();
    assert_eq!(list["next"], "2");
    assert_eq!(server.asked()[0].line, "GET /api/v1/record?after=0&limit=2");
}

#[test]
fn a_search_ends_where_it_finds() {
    let server = Canned::answering(vec![page(&[1, 2], Some(2)), page(&[3, 4], Some(4))]);
    let client = client(&server);
    let found = first(|| client.get("/runs"), |item: &u64| *item == 3).unwrap();
    assert_eq!(found, Some(3));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn what_is_no_list_is_not_understood() {
    let server = Canned::answering(vec![answer(200, "[1]")]);
    let client = client(&server);
    let error = pages(&Part::whole(), || client.get("/runs"), |_: &[Value]| false).unwrap_err();
    assert!(
        error.to_string().contains("does not understand"),
        "{error:#}"
    );
    drop(server.asked());
}
