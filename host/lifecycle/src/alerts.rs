//! Alerts: rules over the record, what they raised, and who took notice.
//!
//! Rules read the record by a cursor that is kept together with what they raise: after an interruption they go on where they
//! were, and an entry that is read twice raises nothing twice, since a rule has one open alert about one thing at most.

mod evaluate;
mod rule;
mod standing;
mod webhook;

use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use yunei_authority::{Action, RecordTarget, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{Acknowledgement, Alert, AlertId, Code, MessageState, Name, Timestamp};
use yunei_store::{Change, EntryFilter, Page, WebhookMessage};
use yunei_telemetry::event;

use crate::list::Listing;
use crate::stop::kept_reason;
use crate::{Actor, Domain, LifecycleError, Listed};
use evaluate::Seen;
pub use rule::{AlertRule, Condition, RuleError};
pub use webhook::{ATTEMPTS_MAX, Webhook, signature};

/// Rules of one domain at most.
pub const RULES_MAX: usize = 64;
/// Webhooks of one domain at most.
pub const WEBHOOKS_MAX: usize = 16;
/// Entries that are evaluated in one go.
const ENTRIES_MAX: u32 = 256;
/// Milliseconds between two looks when nothing was recorded: what time alone brings about is noticed so late at most.
const LOOK_MS: u64 = 1000;
/// Messages about one alert that are shown at most.
const MESSAGES_SHOWN_MAX: usize = 2 * WEBHOOKS_MAX;

/// The rules of a domain, and where their alerts are sent.
#[derive(Debug, Default)]
pub struct Alerting {
    rules: Vec<AlertRule>,
    pub(crate) webhooks: Vec<Webhook>,
    /// When the record was last verified for a rule.
    verified_at: Mutex<Option<Timestamp>>,
}

impl Alerting {
    /// Takes rules and webhooks.
    ///
    /// # Errors
    /// [`RuleError`] when a name stands twice, or there are too many.
    pub fn new(rules: Vec<AlertRule>, webhooks: Vec<Webhook>) -> Result<Self, RuleError> {
        let twice = |names: Vec<&Name>| {
            let again =
                |(index, name): (usize, &&Name)| names.iter().take(index).any(|n| n == name);
            names
                .iter()
                .enumerate()
                .find(|(index, name)| again((*index, *name)))
                .map(|(_, name)| (*name).clone())
        };
        let rule = twice(rules.iter().map(|rule| &rule.name).collect());
        let webhook = twice(webhooks.iter().map(Webhook::name).collect());
        if let Some(name) = rule.or(webhook) {
            return Err(RuleError::Twice { name });
        }
        if rules.len() > RULES_MAX || webhooks.len() > WEBHOOKS_MAX {
            return Err(RuleError::TooMany);
        }
        Ok(Self {
            rules,
            webhooks,
            verified_at: Mutex::new(None),
        })
    }
}

/// An alert, and what became of the messages about it.
#[derive(Debug, Clone, Serialize)]
pub struct AlertView {
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
    /// Messages about it, in order.
    pub messages: Vec<MessageView>,
}

/// What became of one message to a webhook.
#[derive(Debug, Clone, Serialize)]
pub struct MessageView {
    /// The webhook.
    pub webhook: Name,
    /// What became of it.
    pub state: MessageState,
    /// How often it was tried.
    pub attempts: u32,
    /// What came of the last attempt, in a word.
    pub answer: Option<String>,
}

impl From<WebhookMessage> for MessageView {
    fn from(message: WebhookMessage) -> Self {
        Self {
            webhook: message.webhook,
            state: message.state,
            attempts: message.attempts,
            answer: message.answer,
        }
    }
}

impl Domain {
    /// The same domain, watched by these rules.
    #[must_use]
    pub fn with_alerts(mut self, alerting: Alerting) -> Self {
        self.alerting = alerting;
        self
    }

    /// Runs until `stop` turns true: rules are held against the record soon after it grows.
    pub async fn run_alerts(&self, mut stop: watch::Receiver<bool>) {
        let mut covered = self.checkpointed.subscribe();
        while !*stop.borrow() {
            if let Err(error) = self.watch_record().await {
                event!(ERROR, STAGE_FAILED, STAGE = "alerts", CAUSE = %error);
            }
            tokio::select! {
                // Its sender lives as long as the domain.
                _ = covered.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(LOOK_MS)) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Holds every rule against what was recorded since the last time, and against the moment. Gives how many alerts were raised.
    ///
    /// # Errors
    /// The store failed; what was not evaluated is evaluated the next time.
    pub async fn watch_record(&self) -> Result<u64, LifecycleError> {
        let mut raised = 0;
        loop {
            let progress = self.store.alert_progress().await?;
            let page = Page::first(ENTRIES_MAX).after(progress);
            let entries = self.store.entries(&EntryFilter::default(), page).await?;
            let Some(last) = entries.last().map(|recorded| recorded.position) else {
                break;
            };
            let mut seen = Vec::new();
            for recorded in &entries {
                for rule in &self.alerting.rules {
                    if let Some(found) = self.evaluate(rule, recorded).await? {
                        seen.push((rule, found, Some(recorded.position)));
                    }
                }
            }
            let mut change = self.store.begin().await?;
            for (rule, found, position) in seen {
                raised += u64::from(self.raise(&mut change, rule, found, position).await?);
            }
            change.keep_alert_progress(last).await?;
            self.commit(change).await?;
        }
        for (rule, found) in self.evaluate_standing().await? {
            let mut change = self.store.begin().await?;
            if self.raise(&mut change, rule, found, None).await? {
                raised += 1;
                self.commit(change).await?;
            }
        }
        Ok(raised)
    }

    /// Raises an alert, unless its rule has an open one about the same. Gives whether it did.
    async fn raise(
        &self,
        change: &mut Change,
        rule: &AlertRule,
        seen: Seen,
        position: Option<u64>,
    ) -> Result<bool, LifecycleError> {
        if change
            .open_alert(&rule.name, &seen.subject)
            .await?
            .is_some()
        {
            return Ok(false);
        }
        let alert = Alert {
            id: AlertId::new(&*self.ids),
            rule: rule.name.clone(),
            level: rule.level,
            title: rule.title.clone(),
            advice: rule.advice.clone(),
            subject: seen.subject,
            at: self.clock.now(),
            position,
            operator: seen.operator,
            run: seen.run,
            resources: seen.resources,
            figures: seen.figures,
            acknowledged: None,
        };
        change.put_alert(&alert).await?;
        // The operating unit is a fact and not the entry's: it gets no entry of its own of this to see.
        let draft = Draft::new(Kind::AlertRaised)
            .fact("alert", alert.id)
            .fact("rule", &alert.rule)
            .fact("level", alert.level.as_str())
            .fact("subject", alert.subject.to_string())
            .fact("raised_by", position)
            .fact("operating_unit", alert.operator)
            .fact("about_run", alert.run)
            .fact("figures", &alert.figures);
        self.record(change, draft).await?;
        self.queue_messages(change, "alert-raised", &alert).await?;
        Ok(true)
    }

    /// Alerts that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn alerts(
        &self,
        actor: &Actor,
        open: bool,
        page: Page<AlertId>,
    ) -> Result<Listed<AlertView, AlertId>, LifecycleError> {
        self.permit(actor, Action::ViewAlert, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let alerts = self.store.alerts(open, part).await?;
            listing.read(alerts.len());
            for alert in alerts {
                let id = alert.id;
                let sees = self
                    .may(actor, Action::ViewAlert, &alert_target(&alert))
                    .await?;
                let shown = match sees {
                    true => Some(self.alert_view(alert).await?),
                    false => None,
                };
                if !listing.look(id, shown) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Takes notice of an alert; its rule may raise another one about the same from then on.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see; refused by policy; acknowledged before.
    pub async fn acknowledge_alert(
        &self,
        actor: &Actor,
        id: AlertId,
        reason: &str,
    ) -> Result<AlertView, LifecycleError> {
        let alert = self.store.alert(id).await?.ok_or(Code::NotFound)?;
        let target = alert_target(&alert);
        if !self.may(actor, Action::ViewAlert, &target).await? {
            return Err(Code::NotFound.into());
        }
        let permit = self
            .permit(actor, Action::AcknowledgeAlert, &target)
            .await?;
        let mut change = self.store.begin().await?;
        let mut alert = change.alert(id).await?.ok_or(Code::NotFound)?;
        if alert.acknowledged.is_some() {
            return Err(Code::WrongState.into());
        }
        let acknowledgement = Acknowledgement {
            account: actor.principal.account,
            reason: kept_reason(reason),
            at: self.clock.now(),
        };
        let draft = permit
            .draft(Kind::AlertAcknowledged, actor)
            .fact("alert", id)
            .fact("rule", &alert.rule)
            .fact("subject", alert.subject.to_string())
            .fact("reason", &acknowledgement.reason);
        alert.acknowledged = Some(acknowledgement);
        change.put_alert(&alert).await?;
        self.record(&mut change, draft).await?;
        self.queue_messages(&mut change, "alert-acknowledged", &alert)
            .await?;
        self.commit(change).await?;
        self.alert_view(alert).await
    }

    async fn alert_view(&self, alert: Alert) -> Result<AlertView, LifecycleError> {
        let messages = self.store.messages_about(alert.id).await?;
        let messages = messages.into_iter().take(MESSAGES_SHOWN_MAX);
        Ok(AlertView {
            messages: messages.map(MessageView::from).collect(),
            alert,
        })
    }
}

fn alert_target(alert: &Alert) -> Target {
    Target::Record(RecordTarget {
        operator: alert.operator,
        resources: alert.resources.clone(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
