//! Retrieval of evidence 调取: one person of an authority asks under an approval number, another person signs, and only then
//! is the evidence handed over; or somebody refuses, with a reason. Each step is on the record.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use yunei_authority::{Action, RecordTarget, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Code, EvidenceRefusal, EvidenceScope, Refusal, Retrieval, RetrievalId, RetrievalState, RunId,
    State,
};
use yunei_store::{CallOfRun, EntryFilter, Page};

use crate::list::Listing;
use crate::stop::kept_reason;
use crate::{
    Actor, CallQuery, Domain, Export, Exported, FoundCall, LifecycleError, Listed, Permit,
};

/// Characters of an approval number at most.
const APPROVAL_CHARACTERS_MAX: usize = 100;
/// Days after the second signature in which the evidence may be fetched.
const FETCH_DAYS_MAX: i64 = 30;
const DAY_SECONDS: i64 = 86_400;
/// Calls that are read at once.
const CALL_ROWS: u32 = 256;

/// What an authority asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRetrieval {
    /// Number of the approval 批准文号.
    pub approval: String,
    /// Why.
    pub reason: String,
    /// What.
    pub scope: EvidenceScope,
}

/// One piece of evidence.
#[derive(Debug, Clone)]
pub enum Piece {
    /// An entry with its receipt.
    Entry(Box<Exported>),
    /// A call.
    Call(Box<FoundCall>),
}

/// Evidence that goes on as it is read: entries with receipts, then calls.
pub struct Evidence {
    /// What it was retrieved under.
    pub retrieval: Retrieval,
    domain: Arc<Domain>,
    export: Export,
    entries_over: bool,
    query: CallQuery,
    after: Option<(RunId, u64)>,
    calls_over: bool,
    seen: HashMap<RunId, bool>,
}

impl Domain {
    /// Asks for evidence. It is handed over once a second person has signed.
    ///
    /// # Errors
    /// Refused by policy; [`Code::BadRequest`] when the scope or the approval number is none.
    pub async fn request_evidence(
        &self,
        actor: &Actor,
        new: NewRetrieval,
    ) -> Result<Retrieval, LifecycleError> {
        let approval = new.approval.trim().to_owned();
        let wrong = |detail: &str| Refusal::new(Code::BadRequest).detail(detail);
        if !new.scope.is_bounded() {
            return Err(wrong("evidence is of a run, or of a span between two times").into());
        }
        require_words(&new.reason)?;
        if approval.chars().count() > APPROVAL_CHARACTERS_MAX {
            return Err(wrong("an approval number has 100 characters at most").into());
        }
        if let Some(run) = new.scope.run {
            self.store.run(run).await?.ok_or(Code::NotFound)?;
        }
        let principal = &actor.principal;
        let retrieval = Retrieval {
            id: RetrievalId::new(&*self.ids),
            organisation: principal.organisation,
            requested_by: principal.account,
            requested_by_person: principal.person,
            requested_at: self.clock.now(),
            approval,
            reason: kept_reason(&new.reason),
            scope: new.scope,
            state: RetrievalState::Requested,
            signed_by: None,
            signed_by_person: None,
            signed_at: None,
            refused: None,
        };
        let target = self.evidence_target(&retrieval).await?;
        let permit = self.permit(actor, Action::RequestEvidence, &target).await?;
        let mut change = self.store.begin().await?;
        change.put_retrieval(&retrieval).await?;
        let draft = facts(&permit, Kind::EvidenceRequested, actor, &retrieval)
            .fact("reason", &retrieval.reason)
            .fact("scope", &retrieval.scope);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(retrieval)
    }

    /// Signs as the second person.
    ///
    /// # Errors
    /// Refused by policy: never one's own; or signed already.
    pub async fn sign_evidence(
        &self,
        actor: &Actor,
        id: RetrievalId,
        reason: &str,
    ) -> Result<Retrieval, LifecycleError> {
        let retrieval = self.store.retrieval(id).await?.ok_or(Code::NotFound)?;
        let target = self.evidence_target(&retrieval).await?;
        let permit = self.permit(actor, Action::SignEvidence, &target).await?;
        let mut change = self.store.begin().await?;
        let mut retrieval = change.retrieval(id).await?.ok_or(Code::NotFound)?;
        let next = retrieval.state.step(RetrievalState::Signed);
        retrieval.state = next.map_err(|_| Code::WrongState)?;
        retrieval.signed_by = Some(actor.principal.account);
        retrieval.signed_by_person = Some(actor.principal.person);
        retrieval.signed_at = Some(self.clock.now());
        change.put_retrieval(&retrieval).await?;
        let draft = facts(&permit, Kind::EvidenceSigned, actor, &retrieval)
            .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(retrieval)
    }

    /// Refuses evidence that nobody has signed for yet, with a reason that the authority reads which asked; whoever asked takes the
    /// request back by it. It is for good: the authority may ask anew.
    ///
    /// # Errors
    /// Refused by policy; [`Code::BadRequest`] without a reason; or signed or refused already.
    pub async fn refuse_evidence(
        &self,
        actor: &Actor,
        id: RetrievalId,
        reason: &str,
    ) -> Result<Retrieval, LifecycleError> {
        let retrieval = self.store.retrieval(id).await?.ok_or(Code::NotFound)?;
        let target = self.evidence_target(&retrieval).await?;
        let permit = self.permit(actor, Action::RefuseEvidence, &target).await?;
        require_words(reason)?;
        let mut change = self.store.begin().await?;
        let mut retrieval = change.retrieval(id).await?.ok_or(Code::NotFound)?;
        let next = retrieval.state.step(RetrievalState::Refused);
        retrieval.state = next.map_err(|_| Code::WrongState)?;
        let refusal = EvidenceRefusal {
            by: actor.principal.account,
            by_person: actor.principal.person,
            at: self.clock.now(),
            reason: kept_reason(reason),
        };
        let taken_back = refusal.by_person == retrieval.requested_by_person;
        let draft = facts(&permit, Kind::EvidenceRefused, actor, &retrieval)
            .fact("taken_back", taken_back)
            .fact("reason", &refusal.reason);
        retrieval.refused = Some(refusal);
        change.put_retrieval(&retrieval).await?;
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(retrieval)
    }

    /// One retrieval.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see.
    pub async fn retrieval(
        &self,
        actor: &Actor,
        id: RetrievalId,
    ) -> Result<Retrieval, LifecycleError> {
        let retrieval = self.store.retrieval(id).await?.ok_or(Code::NotFound)?;
        let target = self.evidence_target(&retrieval).await?;
        self.permit(actor, Action::ViewEvidence, &target).await?;
        Ok(retrieval)
    }

    /// Retrievals that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn retrievals(
        &self,
        actor: &Actor,
        page: Page<RetrievalId>,
    ) -> Result<Listed<Retrieval, RetrievalId>, LifecycleError> {
        self.permit(actor, Action::ViewRecord, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let retrievals = self.store.retrievals(None, part).await?;
            listing.read(retrievals.len());
            for retrieval in retrievals {
                let target = self.evidence_target(&retrieval).await?;
                let sees = self.may(actor, Action::ViewEvidence, &target).await?;
                if !listing.look(retrieval.id, sees.then_some(retrieval)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Hands the evidence over. That it is, is on the record before its first byte.
    ///
    /// # Errors
    /// Refused by policy: without a second signature, or to another authority; [`Code::WrongState`] when the signature is
    /// older than `FETCH_DAYS_MAX` days.
    pub async fn retrieve_evidence(
        self: &Arc<Self>,
        actor: &Actor,
        id: RetrievalId,
    ) -> Result<Evidence, LifecycleError> {
        let retrieval = self.store.retrieval(id).await?.ok_or(Code::NotFound)?;
        let target = self.evidence_target(&retrieval).await?;
        let permit = self
            .permit(actor, Action::RetrieveEvidence, &target)
            .await?;
        let last = retrieval
            .signed_at
            .map(|at| at.plus_seconds(FETCH_DAYS_MAX * DAY_SECONDS));
        if last.is_none_or(|last| last <= self.clock.now()) {
            return Err(Code::WrongState.into());
        }
        let draft = facts(&permit, Kind::EvidenceRetrieved, actor, &retrieval)
            .fact("signed_by", retrieval.signed_by);
        self.record_alone(draft).await?;
        let scope = retrieval.scope.clone();
        let filter = EntryFilter {
            run: scope.run,
            operator: scope.operator,
            resource: scope.resource.clone(),
            since: scope.since,
            until: scope.until,
            ..EntryFilter::default()
        };
        Ok(Evidence {
            export: self.export_permitted(actor, filter, true).await?,
            domain: Arc::clone(self),
            retrieval,
            entries_over: false,
            query: CallQuery {
                run: scope.run,
                operator: scope.operator,
                resource: scope.resource,
                since: scope.since,
                until: scope.until,
                ..CallQuery::default()
            },
            after: None,
            calls_over: false,
            seen: HashMap::new(),
        })
    }

    /// What a retrieval is about: all that its run reads, or the resource that it names.
    async fn evidence_target(&self, retrieval: &Retrieval) -> Result<Target, LifecycleError> {
        let scope = &retrieval.scope;
        let mut resources: BTreeSet<_> = scope.resource.iter().cloned().collect();
        let mut operator = scope.operator;
        if let Some(run) = scope.run
            && let Some(run) = self.store.run(run).await?
        {
            operator = Some(run.operator);
            resources.extend(self.resources_of(&run).await?.into_iter().map(|r| r.name));
        }
        Ok(Target::Evidence {
            record: RecordTarget {
                operator,
                resources,
            },
            approval: retrieval.approval.clone(),
            second_signer: retrieval.signed_by_person,
            requested: Some((retrieval.requested_by_person, retrieval.organisation)),
        })
    }
}

fn require_words(reason: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::new(Code::BadRequest).detail("a reason is given in words"));
    }
    Ok(())
}

fn facts(permit: &Permit, kind: Kind, actor: &Actor, retrieval: &Retrieval) -> Draft {
    permit
        .draft(kind, actor)
        .fact("retrieval", retrieval.id)
        .fact("approval", &retrieval.approval)
        .fact("run", retrieval.scope.run)
}

impl Evidence {
    /// The export that its entries come from.
    #[must_use]
    pub const fn export(&self) -> &Export {
        &self.export
    }

    /// The next pieces; `None` at the end.
    ///
    /// # Errors
    /// The reader may not read on, or the store failed.
    pub async fn next(&mut self) -> Result<Option<Vec<Piece>>, LifecycleError> {
        if !self.entries_over {
            match self.export.next().await? {
                Some(page) => {
                    let pieces = page.into_iter().map(|entry| Piece::Entry(Box::new(entry)));
                    return Ok(Some(pieces.collect()));
                }
                None => self.entries_over = true,
            }
        }
        while !self.calls_over {
            self.export.check().await?;
            let domain = Arc::clone(&self.domain);
            let calls = domain
                .store
                .calls_across(&self.query.filter(), self.after, CALL_ROWS)
                .await?;
            self.calls_over = calls.len() < CALL_ROWS as usize;
            let mut pieces = Vec::new();
            for CallOfRun { run, call } in calls {
                self.after = Some((run, call.index));
                let actor = &self.export.reader().actor;
                if self.query.matches(&call)
                    && domain.sees_trace(actor, &mut self.seen, run).await?
                {
                    pieces.push(Piece::Call(Box::new(FoundCall { run, call })));
                }
            }
            if !pieces.is_empty() {
                return Ok(Some(pieces));
            }
        }
        Ok(None)
    }
}
