//! The live page, in a real browser: what a regulator does there, and what a stranger and an operating unit do not see.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use serde_json::json;

use common::{RUN_WAIT_MAX, World, guest, text};
use yunei_tests::{Browser, PASSWORD, REGULATOR};

/// Rows of the record on the page.
const ROWS: &str = "return document.querySelectorAll('#entries tr').length > 0";

fn sign_in(browser: &Browser, url: &str, account: &str) {
    browser.open(url).expect("the page");
    browser
        .shows(
            "the sign-in form",
            "return document.querySelector('#sign-in input[name=account]').checkVisibility()",
        )
        .expect("a form");
    browser
        .write("#sign-in input[name=account]", account)
        .expect("account");
    browser
        .write("#sign-in input[name=password]", PASSWORD)
        .expect("password");
    browser
        .click("#sign-in button[type=submit]")
        .expect("signed in");
}

/// Clicks on the link to a run, wherever rows that come meanwhile have moved it.
fn open_run(browser: &Browser, run: &str) {
    let click = format!(
        "document.querySelector(\"#entries button.link[title='{run}']\").click(); return true"
    );
    browser.run(&click).expect("the run");
}

#[test]
fn a_regulator_follows_the_record_and_looks_into_a_run() {
    let mut world = World::start();
    let profile = tempfile::tempdir().expect("a directory");
    let browser = Browser::start(profile.path()).expect("a browser");

    // Nothing is shown to a stranger, and a wrong password is refused in words.
    sign_in(&browser, world.server.url(), "nobody");
    browser
        .shows(
            "a refusal",
            "return document.querySelector('#sign-in-failure').textContent",
        )
        .expect("a refusal");
    assert_eq!(browser.run(ROWS).expect("no rows"), false);
    // The refused sign-in itself is what the browser complains of.
    let refused = browser.complaints().expect("complaints");
    assert!(
        refused.iter().all(|line| line.contains("/sessions")),
        "{refused:?}"
    );

    sign_in(&browser, world.server.url(), REGULATOR);
    browser.shows("the record", ROWS).expect("rows");
    browser
        .shows(
            "the stream",
            "return document.querySelector('#stream-state').className === 'good'",
        )
        .expect("live");

    // What happens while the page is open arrives by itself.
    let directory = world.story.example("bus-rides");
    let (unit, module, grant) = world.admitted(&guest("examples", "bus-rides"), &directory);
    let run = world
        .story
        .submit(&unit, &directory, &module, &grant)
        .expect("an answer")
        .served()
        .expect("a run");
    let run = text(&run, "id");
    world
        .story
        .wait_state(&run, &["released"], RUN_WAIT_MAX)
        .expect("released");
    let released = format!(
        "return [...document.querySelectorAll('#entries tr')].some((row) => \
         row.textContent.includes('run-released') && row.querySelector('button.link')?.title === '{run}')"
    );
    browser
        .shows("the release", &released)
        .expect("the release on the page");

    // One click leads to the waterfall of its host calls.
    open_run(&browser, &run);
    browser
        .shows(
            "the waterfall",
            "return document.querySelectorAll('#waterfall rect').length > 2",
        )
        .expect("bars");
    let facts = browser.text("#run-facts").expect("facts");
    assert!(
        facts.contains("released") && facts.contains("sha256:"),
        "{facts}"
    );

    speaks_both_languages(&browser);
}

/// A title in English; then, in the other language, in Chinese.
fn speaks_both_languages_of(browser: &Browser, title: &str, (english, chinese): (&str, &str)) {
    assert_eq!(browser.text(title).expect("a title"), english);
    browser.click("#language").expect("the other language");
    let turned = format!("return document.querySelector('{title}').textContent === '{chinese}'");
    browser.shows("Chinese", &turned).expect("Chinese");
}

/// Both languages; every control has a name for those who do not see it.
fn speaks_both_languages(browser: &Browser) {
    speaks_both_languages_of(browser, "#record-title", ("Record", "记录"));
    let nameless = "return [...document.querySelectorAll('button, input, select, textarea')].filter((control) => \
         control.checkVisibility() && !control.textContent.trim() && !control.labels?.length && !control.ariaLabel).map((c) => c.outerHTML)";
    let nameless = browser.run(nameless).expect("controls");
    assert_eq!(nameless.as_array().map(Vec::len), Some(0), "{nameless}");
    let complaints = browser.complaints().expect("complaints");
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn the_bureau_stops_a_run_from_the_page() {
    let mut world = World::start();
    let profile = tempfile::tempdir().expect("a directory");
    let browser = Browser::start(profile.path()).expect("a browser");
    let terms = world.story.guests();
    let (unit, module, grant) = world.admitted(&guest("hostile", "spin"), &terms);
    let request = json!({ "module": module, "grant": grant, "purpose": "transport-punctuality", "parameters": {} });
    let run = world
        .story
        .submit_request(&unit, &request)
        .expect("an answer")
        .served()
        .expect("a run");
    let run = text(&run, "id");
    world
        .story
        .wait_state(&run, &["running"], RUN_WAIT_MAX)
        .expect("running");

    sign_in(&browser, world.server.url(), yunei_tests::BUREAU);
    let there =
        format!("return document.querySelector(\"#entries button.link[title='{run}']\") !== null");
    browser
        .shows("the run", &there)
        .expect("the run on the page");
    open_run(&browser, &run);
    browser
        .shows(
            "the way to stop it",
            "return document.querySelector('#stop-run').checkVisibility()",
        )
        .expect("a button");
    browser.click("#stop-run").expect("a question");
    browser
        .write("#ask textarea", "it spins")
        .expect("a reason");
    browser.click("#ask-do").expect("stopped");
    world
        .story
        .wait_state(&run, &["stopped"], RUN_WAIT_MAX)
        .expect("stopped");
    browser
        .shows(
            "the end",
            "return document.querySelector('#run-facts').textContent.includes('stopped')",
        )
        .expect("the page tells it");
}

#[test]
fn an_operating_unit_sees_no_one_elses_record() {
    let world = World::start();
    let profile = tempfile::tempdir().expect("a directory");
    let browser = Browser::start(profile.path()).expect("a browser");
    let unit = world
        .story
        .personas()
        .iter()
        .find(|persona| persona.role == "operator")
        .expect("an operating unit")
        .account
        .clone();
    sign_in(&browser, world.server.url(), &unit);
    browser
        .shows(
            "the desk",
            "return document.querySelector('#desk').checkVisibility()",
        )
        .expect("signed in");
    let log = "return document.querySelector('#log-state').textContent === 'not visible'";
    browser
        .shows("that the log's size is not its business", log)
        .expect("not visible");
    assert_eq!(browser.run(ROWS).expect("rows"), false);
}

/// Opens a view and waits until it shows something.
fn look_at(browser: &Browser, view: &str, what: &str, script: &str) {
    browser
        .click(&format!("#views button[data-view={view}]"))
        .expect("the view");
    browser.shows(what, script).expect("shown");
}

fn views(browser: &Browser) -> serde_json::Value {
    browser
        .shows(
            "the views",
            "return document.querySelector('#views').checkVisibility()",
        )
        .expect("views");
    let views = "return [...document.querySelectorAll('#views button')].map((button) => button.dataset.view).join(' ')";
    browser.run(views).expect("views")
}

/// The one retrieval that was asked for, refused with a reason in the dialog.
fn refuses_evidence(browser: &Browser) {
    let asked =
        "return document.querySelector('#retrieval-cards button[data-does=refusal]') !== null";
    look_at(browser, "retrievals", "what is asked for", asked);
    browser
        .click("#retrieval-cards button[data-does=refusal]")
        .expect("refuse");
    browser
        .write("#ask textarea[name=reason]", "another's approval")
        .expect("a reason");
    browser.click("#ask-do").expect("done");
    let refused = "return document.querySelector('#retrieval-cards').textContent.includes('another\\'s approval')";
    browser.shows("the refusal", refused).expect("refused");
    let gone = "return document.querySelector('#retrieval-cards button') === null";
    assert_eq!(browser.run(gone).expect("buttons"), true);
}

#[test]
fn each_sees_products_accounts_and_what_waits_as_far_as_they_may() {
    let mut world = World::start();
    let profile = tempfile::tempdir().expect("a directory");
    let browser = Browser::start(profile.path()).expect("a browser");
    let directory = world.story.example("bus-rides");
    let (unit, module, grant) = world.admitted(&guest("examples", "bus-rides"), &directory);
    let product = json!({
        "name": "bus-rides", "title": { "zh": "公交客流", "en": "Bus rides" }, "grant": grant, "module": module,
        "period": "boarded_at", "cadence": "daily", "starts": "2026-03-02",
    });
    let drafted = unit.post("/products", &product).expect("an answer");
    drafted.served().expect("drafted");
    let directory = world.story.example("spending-model");
    let (reviewed, module, grant) =
        world.admitted(&guest("examples", "spending-model"), &directory);
    let run = world.story.submit(&reviewed, &directory, &module, &grant);
    let run = text(&run.expect("an answer").served().expect("a run"), "id");
    world
        .story
        .wait_state(&run, &["in-review"], RUN_WAIT_MAX)
        .expect("in review");

    let asked = json!({ "approval": "示例网信调〔2026〕2号", "reason": "a complaint", "scope": { "run": run } });
    let regulator = world.story.person(REGULATOR).expect("a regulator");
    let asked = regulator.post("/retrievals", &asked).expect("an answer");
    asked.served().expect("asked for");

    sign_in(&browser, world.server.url(), yunei_tests::BUREAU);
    assert_eq!(views(&browser), json!("record products privacy retrievals"));
    let row = "return [...document.querySelectorAll('#product-rows tr')].some((row) => row.textContent.includes('Bus rides'))";
    look_at(&browser, "products", "the product", row);
    browser
        .click("#product-rows button.link")
        .expect("the product");
    let facts = "return document.querySelector('#product-facts').textContent.includes('bus-rides')";
    browser.shows("its facts", facts).expect("facts");
    let card = "return document.querySelectorAll('#accounts .card').length > 1";
    look_at(&browser, "privacy", "the accounts", card);
    refuses_evidence(&browser);
    look_at(&browser, "privacy", "the accounts", card);
    speaks_both_languages_of(&browser, "#privacy-title", ("Privacy", "隐私账户"));
    browser.click("#sign-out").expect("signed out");

    let [first, _] = yunei_tests::REVIEWERS;
    sign_in(&browser, world.server.url(), first);
    assert_eq!(views(&browser), json!("record products queue"));
    let waits =
        format!("return document.querySelector(\"#waiting button.link[title='{run}']\") !== null");
    look_at(&browser, "queue", "the run that waits", &waits);
    let complaints = browser.complaints().expect("complaints");
    // Nobody is signed in at first, and of the record a reviewer sees nothing: the page is told both by refusals.
    let expected = |line: &String| {
        line.contains("403") || (line.contains("/api/v1/me ") && line.contains("401"))
    };
    assert!(complaints.iter().all(expected), "{complaints:?}");
    browser.click("#sign-out").expect("signed out");

    let persona = world
        .story
        .personas()
        .iter()
        .find(|persona| persona.role == "operator");
    let account = persona.expect("an operating unit").account.clone();
    sign_in(&browser, world.server.url(), &account);
    assert_eq!(views(&browser), json!("record products"));
    look_at(
        &browser,
        "products",
        "the list",
        "return document.querySelector('#products').checkVisibility()",
    );
}
