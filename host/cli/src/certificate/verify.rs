//! `yunei certificate verify`: offline, step by step.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use yunei_ledger::{
    CERTIFICATE_BYTES_MAX, Certificate, CertificateReport, Held, OPENING_BYTES_MAX, Presented,
    PresentedTable, Step,
};

use super::table;
use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::ledger::{Key, policy};
use crate::printer::text;
use crate::sheet::{Sheet, list, number, time, visible};

/// Which certificate, and against what.
#[derive(Debug, Args)]
pub struct Verify {
    /// The certificate
    file: PathBuf,
    /// The table that it must be about, as csv, json or parquet
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    #[command(flatten)]
    key: Key,
    /// Quorum policy: the checkpoint must carry its quorum of valid cosignatures
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What an authority opened; several are possible
    #[arg(long = "opening", value_name = "FILE")]
    openings: Vec<PathBuf>,
    /// A certificate without the receipt of an entry that names it does not hold
    #[arg(long)]
    recorded: bool,
}

impl Verify {
    /// Verifies it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let key = self.key.given()?;
        let quorum = self.policy.as_deref().map(policy).transpose()?;
        let tables = self.table.as_deref().map(table::read).transpose()?;
        let file = files::read(&self.file, CERTIFICATE_BYTES_MAX as u64)?;
        let file = String::from_utf8_lossy(&file);
        let openings = self.openings.iter().map(|path| {
            let bytes = files::read(path, OPENING_BYTES_MAX as u64)?;
            String::from_utf8(bytes)
                .map_err(|_| Input::new(format!("`{}` is not UTF-8", path.display())))
        });
        let openings: Result<Vec<String>, Input> = openings.collect();
        let openings = openings?;
        let presented = Presented {
            file: &file,
            key: &key,
            table: None,
            quorum: quorum.as_ref(),
            openings: &openings,
            inclusion_needed: self.recorded,
        };
        let report = under_each(presented, tables.as_deref().unwrap_or_default());
        caller.printer().say(&json!(report), &words(&report))?;
        Ok(if report.holds {
            Exit::Done
        } else {
            Exit::Failed
        })
    }
}

/// The report of a certificate with a table: it is the same one under each set of headings, or the report that says which it is not under.
fn under_each(presented: Presented<'_>, tables: &[PresentedTable]) -> CertificateReport {
    let mut reports = tables.iter().map(|table| {
        let table = Some(table);
        Presented { table, ..presented }.verify()
    });
    let Some(mut report) = reports.next() else {
        return presented.verify();
    };
    for other in reports {
        if report.holds && !other.holds {
            report = other;
        }
    }
    report
}

fn words(report: &CertificateReport) -> String {
    let mut parts = Vec::new();
    if let Some(certificate) = &report.certificate {
        parts.push(text(&facts(certificate)));
    }
    if !report.opened.is_empty() {
        parts.push(text(&leaves(&report.opened)));
    }
    let mut steps = Sheet::new(["step", "holds", "found"]);
    for taken in &report.steps {
        let holds = match taken.holds {
            Held::Yes => "yes",
            Held::No => "NO",
            Held::NotLooked => "not looked",
        };
        steps.row([
            step(taken.step).to_owned(),
            holds.to_owned(),
            visible(&taken.detail),
        ]);
    }
    parts.push(text(&steps));
    let verdict = if report.holds {
        "The certificate holds."
    } else {
        "THE CERTIFICATE DOES NOT HOLD."
    };
    parts.push(verdict.to_owned());
    parts.join("\n\n")
}

const fn step(step: Step) -> &'static str {
    match step {
        Step::Form => "form",
        Step::Signature => "signature",
        Step::Table => "table",
        Step::Inclusion => "inclusion",
        Step::Witnesses => "witnesses",
        Step::Opening => "opening",
    }
}

/// What a certificate says.
fn facts(certificate: &Certificate) -> Sheet {
    let mut sheet = Sheet::facts();
    let (table, module, gate) = (&certificate.table, &certificate.module, &certificate.gate);
    sheet
        .fact("release", certificate.release)
        .fact("output", &table.output)
        .fact("seen from", time(certificate.visible_from))
        .fact("rows", number(table.rows))
        .fact("table", table.digest)
        .fact(
            "module",
            format!("{} {}", module.name, visible(&module.version)),
        )
        .fact("component", module.digest)
        .fact("manifest", module.manifest_digest);
    for rows in &certificate.data {
        let period = rows.period.as_ref().map_or_else(String::new, |period| {
            let (from, until) = (time(period.from), time(period.until));
            format!(", {} from {from} until {until}", period.field)
        });
        let of = format!("{} {}{period}", rows.snapshot, rows.snapshot_digest);
        sheet.fact("data", format!("{}: {of}", rows.resource));
    }
    let grant = &certificate.grant;
    sheet
        .fact("grant", format!("{} version {}", grant.id, grant.version))
        .fact("purpose", &grant.purpose)
        .fact("policies", certificate.policy_set)
        .fact("route", gate.route)
        .fact(
            "profile",
            format!("{} {}", gate.profile, gate.profile_digest),
        )
        .fact("rules", list(&gate.rules))
        .fact("passed", number(gate.cells.passed))
        .fact("blank", number(gate.cells.blank))
        .fact("reviewers", number(gate.reviewers))
        .fact("privacy", privacy(certificate));
    sheet
}

/// What ε bounds, in words.
fn privacy(certificate: &Certificate) -> String {
    let privacy = &certificate.privacy;
    let mut told = if privacy.differential {
        let part = |name: &str, value: &Option<String>| {
            let value = value.as_deref().map(visible).unwrap_or_default();
            format!("{name} {value}")
        };
        let parts = [
            part("epsilon", &privacy.epsilon),
            part("delta", &privacy.delta),
            part("mechanism", &privacy.mechanism),
        ];
        let conditions = privacy.conditions.iter().map(|c| visible(c));
        format!("{}; {}", parts.join(", "), list(conditions))
    } else {
        "exact figures: no epsilon covers this table".to_owned()
    };
    if privacy.differential && privacy.exact_beside {
        told.push_str("; exact releases beside it are possible, and it does not cover those");
    }
    told
}

/// What was opened.
pub fn leaves(opened: &[Map<String, Value>]) -> Sheet {
    let mut sheet = Sheet::new(["leaf", "says"]);
    for leaf in opened {
        let name = leaf.get("leaf").and_then(Value::as_str).unwrap_or_default();
        let row = leaf.get("row").map(|row| format!(" {row}"));
        let says = leaf
            .iter()
            .filter(|(name, _)| !["leaf", "row", "salt"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name} {value}"));
        let says = says.collect::<Vec<_>>().join(", ");
        sheet.row([
            format!("{}{}", visible(name), row.unwrap_or_default()),
            visible(&says),
        ]);
    }
    sheet
}
