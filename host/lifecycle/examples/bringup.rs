//! temp
#![allow(clippy::all, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods, clippy::too_many_lines, clippy::allow_attributes_without_reason, missing_docs)]
use std::sync::Arc;
use yunei_lifecycle::*;
use yunei_model::*;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("room") => {
            let r = match args[2].as_str() { "feed" => yunei_rooms::feed::main(), "cell" => yunei_rooms::cell::main(), _ => yunei_rooms::gate::main() };
            std::process::exit(i32::from(r.is_err()));
        }
        Some("compile") => { std::process::exit(if yunei_sandbox::compiler::main() == std::process::ExitCode::SUCCESS {0} else {1}); }
        _ => {}
    }
    tracing_subscriber::fmt().init();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(story());
}

async fn story() {
    let base = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let q = std::env::args().nth(2).unwrap();
    let tmp = std::env::temp_dir().join(format!("yunei-bringup-{}", std::process::id()));
    std::fs::create_dir_all(&tmp).unwrap();
    let t0 = std::time::Instant::now();
    let data = cap_std::fs::Dir::open_ambient_dir(&tmp, cap_std::ambient_authority()).unwrap();
    data.create_dir("keys").unwrap();
    let keys = FileKeyStore::open(data.open_dir("keys").unwrap()).unwrap();
    let authority = yunei_authority::Authority::builtin().unwrap();
    println!("authority {:?}", t0.elapsed());
    let domain = Arc::new(Domain::open(Settings {
        data, data_path: tmp.clone(), program: std::env::current_exe().unwrap(), authority,
        profile: std::fs::read_to_string(base.join("policies/disclosure/yunei.toml")).unwrap(),
        log_name: "yunei.example/log".into(), limits: Limits::default(), keys: Arc::new(keys),
        clock: Arc::new(SystemClock), ids: Arc::new(RandomIds),
    }).await.unwrap());
    println!("open {:?}", t0.elapsed());
    let b = domain.bootstrap().await.unwrap().unwrap();
    println!("{b:?} {:?}", t0.elapsed());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let d = domain.clone();
    tokio::spawn(async move { d.run_sequencer(stopped).await });
    let tok = |f: &str| std::fs::read_to_string(tmp.join(f)).unwrap();
    let sys = domain.authenticate(&tok("system-administrator.token"), RequestTrace::default()).await.unwrap();
    let sec = domain.authenticate(&tok("security-administrator.token"), RequestTrace::default()).await.unwrap();
    let n = |s: &str| Name::parse(s).unwrap();
    let text = |s: &str| Text { zh: s.into(), en: s.into() };
    let mut actors = std::collections::HashMap::new();
    let mut orgs = std::collections::HashMap::new();
    for (org, kind, roles) in [
        ("bureau", OrganisationKind::Bureau, vec![Role::Bureau, Role::Reviewer, Role::Reviewer]),
        ("unit", OrganisationKind::Operator, vec![Role::Operator]),
        ("us-bureau-of-transportation-statistics", OrganisationKind::Source, vec![Role::Source]),
        ("us-census-bureau", OrganisationKind::Source, vec![Role::Source]),
        ("rand-corporation", OrganisationKind::Source, vec![Role::Source]),
        ("us-national-weather-service", OrganisationKind::Source, vec![Role::Source]),
        ("example-bus-company", OrganisationKind::Source, vec![Role::Source]),
        ("cac", OrganisationKind::Cyberspace, vec![Role::Regulator]),
    ] {
        let o = domain.register_organisation(&sys, NewOrganisation { name: n(org), title: text(org), kind }).await.unwrap();
        orgs.insert(org, o.id);
        for (i, role) in roles.iter().enumerate() {
            let a = domain.create_account(&sys, NewAccount { name: n(&format!("p{i}-{org}")), organisation: n(org), password: "correct horse battery".into(), same_person_as: None }).await.unwrap();
            domain.appoint(&sec, a.id, Appointment { role: *role, from: Timestamp::from_micros(0), until: None, remit: Remit::default() }).await.unwrap();
            let t = domain.sign_in(&a.name, "correct horse battery", &RequestTrace::default()).await.unwrap();
            actors.insert(format!("{org}{i}"), domain.authenticate(&t.secret, RequestTrace::default()).await.unwrap());
        }
    }
    println!("people {:?}", t0.elapsed());
    let bureau = &actors["bureau0"];
    for r in ["nyc-flights-2013", "census-income-1994", "rand-health-insurance", "nyc-weather-2013", "synthetic-wuxi-bus"] {
        let dir = base.join("examples/data").join(r);
        let entry = std::fs::read_to_string(dir.join("resource.toml")).unwrap();
        let source = {
            let e = yunei_catalog::CatalogueEntry::parse(&entry).unwrap();
            actors[&format!("{}0", e.source_unit)].clone()
        };
        if let Err(e) = domain.register_resource(&source, &entry).await { println!("{r}: {e:?}"); domain.register_resource(bureau, &entry).await.unwrap(); }
        if r == "synthetic-wuxi-bus" { continue; }
        std::fs::copy(dir.join("data.parquet"), tmp.join("incoming/x")).unwrap();
        let s = domain.import_snapshot(&source, &n(r), NewSnapshot { file: "x".into(), format: yunei_catalog::ImportFormat::Parquet, data_as_of: Timestamp::from_micros(1) }).await;
        match s { Ok(s) => println!("{r} {} rows {:?}", s.rows(), t0.elapsed()), Err(e) => println!("{r}: {e:?}") }
    }
    let qdir = base.join("examples").join(&q);
    let g: toml::Value = toml::from_str(&std::fs::read_to_string(qdir.join("grant.toml")).unwrap()).unwrap();
    let purpose = n(g["purpose"].as_str().unwrap());
    let sc = domain.propose_scenario(bureau, NewScenario { name: n("transport"), title: text("t"), purposes: vec![purpose.clone()] }).await.unwrap();
    domain.approve_scenario(bureau, sc.id).await.unwrap();
    let resources: Vec<GrantedResource> = g["resource"].as_array().unwrap().iter().map(|r| GrantedResource {
        name: n(r["name"].as_str().unwrap()),
        fields: r["fields"].as_array().unwrap().iter().map(|f| n(f.as_str().unwrap())).collect(), filter: vec![], snapshot: None }).collect();
    let now = SystemClock.now();
    let terms = GrantTerms { operator: orgs["unit"], scenario: sc.id, purpose: purpose.clone(), resources: resources.clone(), products: vec![], join: resources.len() > 1, export: false, parameters: vec![],
        quota: Quota { runs: 100, rows: 1_000_000_000, released_cells: 100_000 }, binding: Binding::Latest, as_of: None, from: now.plus_seconds(-10), until: now.plus_seconds(86400) };
    let grant = domain.draft_grant(bureau, NewGrant { amends: None, terms }).await.unwrap();
    for r in &resources {
        let who = domain.resource(bureau, &r.name).await.unwrap();
        let (_, actor) = actors.iter().find(|(_, a)| a.principal().organisation == who.source_unit).unwrap();
        domain.consent_grant(actor, grant.id, &r.name).await.unwrap();
    }
    domain.activate_grant(bureau, grant.id, "ok").await.unwrap();
    println!("grant {:?}", t0.elapsed());
    let unit = &actors["unit0"];
    let wasm = std::fs::read(std::path::PathBuf::from(std::env::var("HOME").unwrap()).join(format!(".cache/yunei-guests/modules/{q}.wasm"))).unwrap();
    let m = domain.receive(unit, wasm).await.unwrap();
    let m = domain.admit(m).await.unwrap();
    println!("module {:?} {:?} {:?}", m.state, m.findings, t0.elapsed());
    if m.manifest.as_ref().unwrap().world == World::PerRow {
        for i in 1..3 { domain.review_module(&actors[&format!("bureau{i}")], m.id, ReviewOutcome::Approved, "fine").await.unwrap(); }
    }
    for _ in 0..3 {
    let t1 = std::time::Instant::now();
    let run = match domain.submit(unit, RunRequest { module: m.id, grant: grant.id, purpose: purpose.clone(), parameters: Parameters::new() }).await { Ok(r) => r, Err(e) => { println!("refused: {e:?}"); return; } };
    println!("submitted {run:?} {:?}", t1.elapsed());
    let claimed = domain.claim().await.unwrap().expect("claimed");
    println!("claimed {:?}", t1.elapsed());
    match domain.execute(claimed).await {
        Ok(Some(sealed)) => {
            println!("sealed {:?}", t1.elapsed());
            let o = domain.judge_output(sealed).await;
            println!("{o:?} {:?}", t1.elapsed());
            if let Ok(Some(Outcome::Released(r))) = &o {
                tokio::time::sleep(std::time::Duration::from_secs(2)).await;
                for id in r.releases() {
                    let d = domain.deliver(unit, *id, Format::Csv, Language::En).await;
                    match d { Ok(d) => println!("{}", String::from_utf8_lossy(&d.bytes)), Err(e) => println!("{e:?}") }
                }
            }
        }
        other => println!("{other:?}"),
    }
    let detail = domain.run_detail(&actors["cac0"], run.id).await.unwrap();
    println!("{:?} calls {} cause {:?}", detail.run.state, detail.run.calls, detail.run.end_cause);
    for v in &detail.verdicts { println!("{:?} total {} released {} failed {} compl {} reasons {:?}", v.decision, v.cells_total, v.cells_released, v.cells_failed, v.cells_complementary, v.reasons); for c in v.cells.iter().take(5) { println!("  {:?} {:?} {:?}", c.cell, c.status, c.failed); } }
    }
    println!("{:?}", domain.verify_record(&actors["cac0"]).await.map(|r| r.findings.len()));
    stop.send(true).unwrap();
}
