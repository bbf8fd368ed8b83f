//! Things by their names.

use serde_json::json;
use yunei_model::{Language, ModuleId, Name};

use super::{Named, module, organisation};
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::exit;
use crate::testing::{Canned, json as answer};

const IDS: [&str; 3] = [
    "0190b5d3-0000-7000-8000-000000000001",
    "0190b5d3-0000-7000-8000-000000000002",
    "0190b5d3-0000-7000-8000-000000000003",
];

fn client(server: &Canned) -> Client {
    Client::new(&server.url, None, Language::En).unwrap()
}

#[test]
fn what_has_the_form_of_an_id_is_one() {
    let named: Named<ModuleId> = IDS[0].parse().unwrap();
    assert_eq!(named, Named::Id(IDS[0].parse().unwrap()));
    let named: Named<ModuleId> = "transport-delays".parse().unwrap();
    assert_eq!(named.to_string(), "transport-delays");
    assert!("Transport Delays".parse::<Named<ModuleId>>().is_err());
}

#[test]
fn an_id_needs_no_server() {
    let nowhere = Client::new("http://127.0.0.1:1", None, Language::En).unwrap();
    let id: ModuleId = IDS[0].parse().unwrap();
    assert_eq!(module(&nowhere, &Named::Id(id)).unwrap(), id);
}

#[test]
fn a_module_is_the_newest_usable_one_of_its_name() {
    let manifest = |name: &str| {
        json!({ "name": name, "version": "1", "title": { "zh": "a", "en": "a" }, "world": "analysis", "purpose": "p",
            "author": "a", "bias": "b", "resource": [{ "name": "r", "fields": ["f"] }] })
    };
    let items = json!({ "next": null, "items": [
        { "id": IDS[0], "state": "admitted", "manifest": manifest("delays") },
        { "id": IDS[1], "state": "approved", "manifest": manifest("delays") },
        { "id": IDS[2], "state": "withdrawn", "manifest": manifest("delays") },
        { "id": IDS[2], "state": "admitted", "manifest": manifest("other") },
        { "id": IDS[2], "state": "refused", "manifest": null },
    ] });
    let server = Canned::answering(vec![
        answer(200, &items.to_string()),
        answer(200, &items.to_string()),
    ]);
    let client = client(&server);
    let delays = Named::Name(Name::parse("delays").unwrap());
    assert_eq!(module(&client, &delays).unwrap().to_string(), IDS[1]);
    let none = module(&client, &Named::Name(Name::parse("nothing").unwrap())).unwrap_err();
    assert_eq!(exit(&none), Exit::Input);
    drop(server.asked());
}

#[test]
fn an_organisation_that_is_not_there_is_wrong_input() {
    let server = Canned::answering(vec![answer(200, r#"{"items":[],"next":null}"#)]);
    let error = organisation(
        &client(&server),
        &Named::Name(Name::parse("taihu").unwrap()),
    )
    .unwrap_err();
    assert_eq!(exit(&error), Exit::Input);
    assert!(error.to_string().contains("`taihu`"), "{error}");
    drop(server.asked());
}
