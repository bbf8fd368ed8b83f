//! `yunei alert`: what the rules over the record raised.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use yunei_model::{Alert, AlertId, MessageState, Name};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::page::{self, Part};
use crate::printer::text;
use crate::sheet::{Sheet, time, visible};

/// Alerts.
#[derive(Debug, Subcommand)]
pub enum Alerts {
    /// Lists alerts, the oldest first
    List(List),
    /// Takes notice of an alert
    Acknowledge {
        /// Id of the alert
        alert: AlertId,
        /// What came of it; it goes onto the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Which alerts.
#[derive(Debug, Args)]
pub struct List {
    /// Only those that nobody has acknowledged
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    part: Part,
}

#[derive(Debug, Deserialize)]
struct Shown {
    #[serde(flatten)]
    alert: Alert,
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Message {
    webhook: Name,
    state: MessageState,
    attempts: u32,
    answer: Option<String>,
}

impl Alerts {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let printer = caller.printer();
        match self {
            Self::List(List { open, part }) => page::show(
                printer,
                &part,
                || client.get("/alerts").query("open", open.then_some(true)),
                |alerts: Vec<Shown>| list(&alerts),
            )?,
            Self::Acknowledge { alert, reason } => {
                let acknowledged = client
                    .post(format!("/alerts/{alert}/acknowledgement"))
                    .json(&json!({ "reason": reason }))?;
                printer.show(&acknowledged, |shown: Shown| one(&shown))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn list(alerts: &[Shown]) -> Sheet {
    let mut sheet = Sheet::new(["alert", "at", "level", "rule", "about", "figures", "state"]);
    for Shown { alert, messages } in alerts {
        let undelivered = messages.iter().any(|m| m.state == MessageState::Dead);
        let state = match (&alert.acknowledged, undelivered) {
            (Some(_), _) => "acknowledged",
            (None, true) => "open, undelivered",
            (None, false) => "open",
        };
        sheet.row([
            alert.id.to_string(),
            time(alert.at),
            alert.level.to_string(),
            alert.rule.to_string(),
            alert.subject.to_string(),
            figures(alert),
            state.to_owned(),
        ]);
    }
    sheet
}

fn figures(alert: &Alert) -> String {
    let figures = alert.figures.iter();
    let told: Vec<String> = figures
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    told.join(", ")
}

fn one(Shown { alert, messages }: &Shown) -> String {
    let mut sheet = Sheet::facts();
    sheet
        .fact("alert", alert.id)
        .fact("rule", format!("{} ({})", alert.rule, alert.title.en))
        .fact("about", alert.subject)
        .fact("figures", figures(alert));
    if let Some(acknowledged) = &alert.acknowledged {
        let (at, by) = (time(acknowledged.at), acknowledged.account);
        sheet.fact(
            "acknowledged",
            format!("{at} by {by}: {}", visible(&acknowledged.reason)),
        );
    }
    for message in messages {
        let Message {
            webhook,
            state,
            attempts,
            answer,
        } = message;
        let answer = answer.as_deref().map(visible).unwrap_or_default();
        sheet.fact(
            "message",
            format!("to {webhook}: {state} after {attempts} attempts {answer}"),
        );
    }
    text(&sheet)
}
