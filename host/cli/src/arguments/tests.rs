//! What can be said on the command line.

use clap::{CommandFactory as _, Parser as _};

use super::Arguments;

const ID: &str = "0190b5d3-4a1e-7c3b-9f00-0123456789ab";

fn said(line: &str) -> Result<Arguments, String> {
    let words = line
        .split_whitespace()
        .map(|word| if word == "ID" { ID } else { word });
    Arguments::try_parse_from(words).map_err(|told| told.to_string())
}

#[test]
fn the_definition_agrees_with_itself() {
    Arguments::command().debug_assert();
}

#[test]
fn every_group_has_its_commands() {
    let lines = [
        "yunei serve --data d --listen 0 --policies p --profile acro --workers 1 --log-name yunei.example/log",
        "yunei user sign-in alice --password-file f --save t",
        "yunei user token issue --label laptop",
        "yunei user organisation add taihu --kind operator --title-en Taihu",
        "yunei user organisation add --file organisations.toml",
        "yunei user account add alice --organisation taihu --same-person-as bob",
        "yunei user appoint alice --role regulator --until 2027-01-01T00:00:00+08:00 --resource a --resource b",
        "yunei catalog register resource.toml",
        "yunei catalog import bus rides.csv --encoding gb18030 --data-as-of 2026-03-02T00:00:00+08:00",
        "yunei catalog snapshots bus --limit 5",
        "yunei scenario propose smart-transport --purpose punctuality --purpose emissions",
        "yunei scenario approve smart-transport",
        "yunei grant draft grant.toml --amends ID",
        "yunei grant consent ID --resource bus",
        "yunei grant activate ID",
        "yunei grant revoke ID --reason misuse",
        "yunei module new delays --world per-row",
        "yunei module build crate --out delays.wasm --target-dir t",
        "yunei module check delays.wasm",
        "yunei module review ID --approve --reason sound",
        "yunei run submit request.json --grant ID --wait --timeout 5",
        "yunei run submit --module delays --grant ID --parameter km=800",
        "yunei run calls ID --from 100",
        "yunei release fetch ID --format xlsx --out table.xlsx",
        "yunei release review ID --reject --reason small",
        "yunei release review ID --approve --judgement 2 --reason sound",
        "yunei ledger tail --kind run-released --kind run-withheld --run ID",
        "yunei ledger verify --data d --key-file k --witnessed w",
        "yunei emergency stop --reason incident",
        "yunei emergency request --run ID --reason complaint",
        "yunei emergency requests --limit 5",
        "yunei scenario close smart-transport --reason over",
        "yunei user dismiss alice --role developer --reason moved",
        "yunei user close alice --reason left",
        "yunei user unlock alice --reason asked",
        "yunei release queue --limit 5",
        "yunei system",
        "yunei doctor --data d",
    ];
    for line in lines {
        assert!(said(line).is_ok(), "{line}: {}", said(line).unwrap_err());
    }
}

#[test]
fn options_of_every_command_may_stand_at_its_end() {
    let arguments = said("yunei run list --json --url http://127.0.0.1:1 --language zh").unwrap();
    assert!(arguments.caller.json);
    assert_eq!(arguments.caller.language, yunei_model::Language::Zh);
}

#[test]
fn what_makes_no_sense_is_not_taken() {
    let lines = [
        "yunei",
        "yunei run submit --grant not-an-id",
        "yunei run submit --parameter 800",
        "yunei module review ID --reason neither",
        "yunei module review ID --approve --reject --reason both",
        "yunei grant revoke ID",
        "yunei user organisation add taihu",
        "yunei user organisation add taihu --kind operator --file f",
        "yunei user appoint alice --role emperor",
        "yunei catalog import bus rides.csv --data-as-of yesterday",
        "yunei release fetch ID --format pdf",
        "yunei ledger tail --kind rumour",
        "yunei run list --limit 0",
        "yunei serve",
        "yunei room feed",
        "yunei probe",
    ];
    for line in lines {
        assert!(said(line).is_err(), "{line}");
    }
}

#[test]
fn a_token_in_the_environment_is_not_shown_in_the_help() {
    let help = Arguments::command().render_long_help().to_string();
    assert!(help.contains("YUNEI_TOKEN]"), "{help}");
    assert!(help.contains("Exit codes:"), "{help}");
}
