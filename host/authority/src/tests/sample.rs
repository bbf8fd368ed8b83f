//! People, things and a small catalogue to ask about.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::LazyLock;

use yunei_model::*;

use crate::*;

pub(super) fn id<T: FromStr<Err: Debug>>(number: u64) -> T {
    let text = format!("00000000-0000-7000-8000-{number:012}");
    text.parse().expect("an id")
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

pub(super) fn text() -> Text {
    Text {
        zh: "测试".into(),
        en: "test".into(),
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(super) fn now() -> Timestamp {
    at("2026-03-01T00:00:00Z")
}

/// The policies of this release, loaded once.
pub(super) fn authority() -> &'static Authority {
    static LOADED: LazyLock<Authority> =
        LazyLock::new(|| Authority::builtin().expect("the policies load"));
    &LOADED
}

// Organisations; the person and account of a persona have the numbers 100 and 200 higher, and more for a second one.
pub(super) const BUREAU: u64 = 1;
pub(super) const OPERATOR: u64 = 2;
pub(super) const OPERATOR_OTHER: u64 = 3;
pub(super) const SOURCE: u64 = 4;
pub(super) const SOURCE_OTHER: u64 = 5;
pub(super) const CYBERSPACE: u64 = 6;
pub(super) const POLICE: u64 = 7;
pub(super) const STATE: u64 = 8;
pub(super) const SECTOR: u64 = 9;
pub(super) const HOST: u64 = 10;

pub(super) fn kind_of(organisation: u64) -> OrganisationKind {
    match organisation {
        BUREAU => OrganisationKind::Bureau,
        OPERATOR | OPERATOR_OTHER => OrganisationKind::Operator,
        SOURCE | SOURCE_OTHER => OrganisationKind::Source,
        CYBERSPACE => OrganisationKind::Cyberspace,
        POLICE => OrganisationKind::PublicSecurity,
        STATE => OrganisationKind::StateSecurity,
        SECTOR => OrganisationKind::Sector,
        _ => OrganisationKind::Host,
    }
}

/// A person of `organisation`; `number` tells its people apart.
pub(super) fn principal(organisation: u64, number: u64, roles: &[Role]) -> Principal {
    Principal {
        account: id(organisation + 200 + number * 1000),
        person: id(organisation + 100 + number * 1000),
        organisation: id(organisation),
        organisations: BTreeSet::from([id(organisation)]),
        kind: kind_of(organisation),
        active: true,
        roles: roles.to_vec(),
        remit: Remit::default(),
    }
}

pub(super) fn account_target(principal: &Principal) -> AccountTarget {
    AccountTarget {
        id: principal.account,
        person: principal.person,
        organisation: principal.organisation,
        kind: principal.kind,
        active: principal.active,
    }
}

fn schema(fields: &str) -> SchemaVersion {
    toml::from_str(&format!("version = 1\n{fields}")).expect("a schema")
}

fn field(name: &str, class: &str, grade: &str, more: &str) -> String {
    format!(
        "[[field]]\nname = '{name}'\ntitle = {{ zh = '字段', en = 'field' }}\ntype = 'int64'\n\
         class = '{class}'\ngrade = '{grade}'\n{more}\n"
    )
}

pub(super) fn resource(number: u64, called: &str, source: u64, fields: &str) -> Resource {
    Resource {
        id: id(number),
        name: name(called),
        title: text(),
        description: text(),
        source_unit: id(source),
        population: Population {
            name: name("residents"),
            title: text(),
            private_only: false,
        },
        basis: Basis::Statistical,
        subject: Some(name("person")),
        subject_group: None,
        grade: Grade::G2,
        licence: "CC0-1.0".into(),
        synthetic: true,
        schema: schema(fields),
    }
}

/// `census` of the source unit and `flights` of the other.
pub(super) fn catalogue() -> Vec<Resource> {
    let ages = "[[field.banding]]\nname = 'decades'\nkind = 'ranges'\nedges = [0, 10, 20]";
    let census = [
        field(
            "person",
            "direct-identifier",
            "g3",
            "mask = { kind = 'withhold' }",
        ),
        field("id-number", "direct-identifier", "g3", ""),
        field("age", "quasi-identifier", "g2", ages),
        field("region", "quasi-identifier", "g2", ""),
        field("income", "sensitive", "g3", ""),
        field("secret", "ordinary", "core", ""),
        field("grid", "ordinary", "important", ""),
    ];
    let flights = [
        field(
            "person",
            "direct-identifier",
            "g3",
            "mask = { kind = 'withhold' }",
        ),
        field("delay", "ordinary", "g1", ""),
    ];
    vec![
        resource(301, "census", SOURCE, &census.concat()),
        resource(302, "flights", SOURCE_OTHER, &flights.concat()),
    ]
}

pub(super) fn scenario() -> Scenario {
    Scenario {
        id: id(401),
        name: name("planning"),
        title: text(),
        purposes: vec![name("statistics"), name("person-scoring")],
        state: ScenarioState::Approved,
        proposer: None,
    }
}

pub(super) fn granted(resource: &str, fields: &[&str]) -> GrantedResource {
    GrantedResource {
        name: name(resource),
        fields: fields.iter().map(|f| name(f)).collect(),
        filter: Vec::new(),
        snapshot: None,
    }
}

/// An active grant of `census` to the operating unit.
pub(super) fn grant() -> Grant {
    Grant {
        id: id(501),
        version: 3,
        state: GrantState::Active,
        terms: GrantTerms {
            operator: id(OPERATOR),
            scenario: id(401),
            purpose: name("statistics"),
            resources: vec![granted("census", &["income", "age", "region"])],
            products: Vec::new(),
            join: false,
            export: false,
            parameters: Vec::new(),
            quota: Quota {
                runs: 10,
                rows: 1000,
                released_cells: 100,
            },
            binding: Binding::Latest,
            as_of: None,
            from: at("2026-01-01T00:00:00Z"),
            until: at("2027-01-01T00:00:00Z"),
        },
    }
}

/// The source units' consents to a grant.
pub(super) fn consents(grant: &Grant) -> Vec<Consent> {
    let consent = |resource: &Resource| Consent {
        id: id(601),
        grant: grant.id,
        grant_version: grant.version,
        resource: resource.name.clone(),
        source_unit: resource.source_unit,
        account: id(SOURCE + 200),
        person: id(SOURCE + 100),
        at: now(),
    };
    catalogue().iter().map(consent).collect()
}

/// A grant as a target, with every consent.
pub(super) fn grant_target(grant: &Grant) -> GrantTarget {
    GrantTarget::of(grant, &scenario(), &catalogue(), &consents(grant))
}

pub(super) fn module_target(number: u64, operator: u64, resources: &[&str]) -> ModuleTarget {
    ModuleTarget {
        id: id(number),
        operator: id(operator),
        submitter: id(operator + 100),
        state: ModuleState::Admitted,
        resources: resources.iter().map(|r| name(r)).collect(),
        reviewers: BTreeSet::new(),
        approvals: 0,
    }
}

pub(super) fn run_target(number: u64, operator: u64, resources: &[&str]) -> RunTarget {
    let named: Vec<Name> = resources.iter().map(|r| name(r)).collect();
    RunTarget {
        approvals: 0,
        id: id(number),
        operator: id(operator),
        submitter: id(operator + 100),
        state: RunState::Running,
        source_units: catalogue()
            .iter()
            .filter(|r| named.contains(&r.name))
            .map(|r| r.source_unit)
            .collect(),
        resources: named.into_iter().collect(),
        reviewers: BTreeSet::new(),
    }
}

pub(super) fn product_target(number: u64, operator: u64, resources: &[&str]) -> ProductTarget {
    let run = run_target(number, operator, resources);
    ProductTarget {
        id: id(number),
        operator: run.operator,
        submitter: run.submitter,
        state: ProductState::Drafted,
        resources: run.resources,
        source_units: run.source_units,
    }
}

pub(super) const MANIFEST: &str = "
name = 'incomes'
version = '1.0.0'
title = { zh = '收入', en = 'Incomes' }
world = 'analysis'
purpose = 'statistics'
author = 'Wutong Ltd'
bias = 'none known'
[[resource]]
name = 'census'
fields = ['age', 'income']
[[output]]
name = 'by-age'
resource = 'census'
dimension = [{ field = 'age', banding = 'decades' }]
[[output.measure]]
name = 'mean-income'
aggregate = 'mean'
field = 'income'
";

pub(super) fn module(manifest: &str) -> Module {
    Module {
        id: id(701),
        digest: Digest::of(b"component"),
        bytes: 9,
        operator: id(OPERATOR),
        uploaded_by: id(OPERATOR + 200),
        uploaded_by_person: id(OPERATOR + 100),
        uploaded_at: now(),
        state: ModuleState::Admitted,
        manifest: Some(Manifest::parse(manifest).expect("a manifest")),
        admission: None,
        reviews: Vec::new(),
    }
}

/// An algorithm review by the person with that number.
pub(super) fn review(person: u64, outcome: ReviewOutcome) -> AlgorithmReview {
    AlgorithmReview {
        id: id(801),
        reviewer: id(person + 100),
        person: id(person),
        outcome,
        reason: "read it".into(),
        at: now(),
    }
}
