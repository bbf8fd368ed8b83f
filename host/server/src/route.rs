//! Routes: what each is called by, who decides about it, what it leaves on the record, what it may cost.
//!
//! A route is made in four steps, each of its own type, so that one without a decision, an effect or a description does not
//! compile: [`get`], [`post`] or [`delete`] → [`Undecided`] → [`Unrecorded`] → [`Undescribed`] → [`Route`].

use std::fmt;

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use yunei_authority::Action;
use yunei_ledger::Kind;

use crate::document::Description;
use crate::router::Api;

/// Who decides whether a request may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nobody: anyone may ask, and why.
    Public(&'static str),
    /// A valid token is enough, and why.
    SignedIn(&'static str),
    /// The policies, asked for each of these actions that the request comes to.
    Policy(&'static [Action]),
}

/// What a request leaves on the record.
///
/// Beside it, a decision of the policies that is a denial always leaves `decision-denied`, and one that the
/// policies want recorded (what authorities look at) leaves `queried`, both before the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Entries of these kinds, in the transaction of what they tell of.
    Writes(&'static [Kind]),
    /// No entry of its own, and why.
    Reads(&'static str),
}

/// What a request may cost. Routes of one budget share its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Name.
    pub name: &'static str,
    /// Bytes of the body at most.
    pub body_bytes_max: u64,
    /// Seconds of work at most.
    pub duration_seconds_max: u64,
    /// Requests at once at most; a further one waits a little, and is then sent away.
    pub at_once_max: usize,
}

impl Budget {
    /// A small question or change.
    pub const PLAIN: Self = Self::new("plain", 1 << 20, 30, 256);
    /// A password: argon2id takes much memory and time by intent.
    pub const PASSWORD: Self = Self::new("password", 16 << 10, 30, 4);
    /// An uploaded module, compiled before the answer.
    pub const MODULE: Self = Self::new("module", 32 << 20, 180, 2);
    /// An uploaded snapshot, imported before the answer.
    pub const SNAPSHOT: Self = Self::new("snapshot", 16 << 30, 4 * 3600, 2);
    /// A whole table in memory.
    pub const TABLE: Self = Self::new("table", 1 << 20, 120, 8);
    /// The whole record, computed anew.
    pub const RECORD: Self = Self::new("record", 1 << 20, 1800, 1);
    /// Every budget.
    pub const ALL: [Self; 6] = [
        Self::PLAIN,
        Self::PASSWORD,
        Self::MODULE,
        Self::SNAPSHOT,
        Self::TABLE,
        Self::RECORD,
    ];

    const fn new(
        name: &'static str,
        body_bytes_max: u64,
        duration_seconds_max: u64,
        at_once_max: usize,
    ) -> Self {
        Self {
            name,
            body_bytes_max,
            duration_seconds_max,
            at_once_max,
        }
    }
}

/// One route of the interface. [`crate::routes`] has all of them.
pub struct Route {
    method: Method,
    path: &'static str,
    /// The last placeholder takes all that is left of a path, slashes too.
    to_the_end: bool,
    decision: Decision,
    effect: Effect,
    budget: Budget,
    pub(crate) description: Description,
    pub(crate) handler: MethodRouter<Api>,
}

impl Route {
    /// Method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Path with placeholders, from the root.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Whether the last placeholder takes all that is left of a path, slashes too.
    #[must_use]
    pub const fn is_to_the_end(&self) -> bool {
        self.to_the_end
    }

    /// The path as the router writes it.
    pub(crate) fn pattern(&self) -> String {
        match self.path.rsplit_once('{') {
            Some((start, placeholder)) if self.to_the_end => format!("{start}{{*{placeholder}"),
            _ => self.path.to_owned(),
        }
    }

    /// The same route, whose last placeholder takes all that is left of a path.
    #[must_use]
    pub(crate) const fn to_the_end(mut self) -> Self {
        self.to_the_end = true;
        self
    }

    /// Who decides.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// What it leaves on the record.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// What it may cost.
    #[must_use]
    pub const fn budget(&self) -> Budget {
        self.budget
    }

    /// The same route with another budget than [`Budget::PLAIN`].
    #[must_use]
    pub(crate) const fn costing(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }
}

impl fmt::Display for Route {
    /// One line: how it is called, who decides, what it writes, what it may cost.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<6} {}\n    ", self.method.as_str(), self.path)?;
        match self.decision {
            Decision::Public(reason) => write!(f, "public: {reason}")?,
            Decision::SignedIn(reason) => write!(f, "signed in: {reason}")?,
            Decision::Policy(actions) => write!(f, "policy: {}", joined(actions))?,
        }
        match self.effect {
            Effect::Writes(kinds) => write!(f, "\n    writes: {}", joined(kinds))?,
            Effect::Reads(reason) => write!(f, "\n    reads: {reason}")?,
        }
        write!(f, "\n    budget: {}", self.budget.name)
    }
}

fn joined<T: ToString>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// A route about which nobody decides yet.
#[must_use = "a route is served once it is in the table"]
pub(crate) struct Undecided {
    method: Method,
    path: &'static str,
    handler: MethodRouter<Api>,
}

/// A route of which nobody knows yet what it leaves on the record.
#[must_use = "a route is served once it is in the table"]
pub(crate) struct Unrecorded {
    route: Undecided,
    decision: Decision,
}

/// A route that nobody has described yet.
#[must_use = "a route is served once it is in the table"]
pub(crate) struct Undescribed {
    route: Unrecorded,
    effect: Effect,
}

/// A route for `GET`.
pub(crate) fn get<H, T>(path: &'static str, handler: H) -> Undecided
where
    H: Handler<T, Api>,
    T: 'static,
{
    Undecided {
        method: Method::GET,
        path,
        handler: on(MethodFilter::GET, handler),
    }
}

/// A route for `POST`.
pub(crate) fn post<H, T>(path: &'static str, handler: H) -> Undecided
where
    H: Handler<T, Api>,
    T: 'static,
{
    Undecided {
        method: Method::POST,
        path,
        handler: on(MethodFilter::POST, handler),
    }
}

/// A route for `DELETE`.
pub(crate) fn delete<H, T>(path: &'static str, handler: H) -> Undecided
where
    H: Handler<T, Api>,
    T: 'static,
{
    Undecided {
        method: Method::DELETE,
        path,
        handler: on(MethodFilter::DELETE, handler),
    }
}

impl Undecided {
    /// Anyone may ask, because …
    pub(crate) fn public(self, reason: &'static str) -> Unrecorded {
        self.by(Decision::Public(reason))
    }

    /// Whoever is signed in may ask, because …
    pub(crate) fn signed_in(self, reason: &'static str) -> Unrecorded {
        self.by(Decision::SignedIn(reason))
    }

    /// The policies decide.
    pub(crate) fn decided_by(self, actions: &'static [Action]) -> Unrecorded {
        self.by(Decision::Policy(actions))
    }

    fn by(self, decision: Decision) -> Unrecorded {
        Unrecorded {
            route: self,
            decision,
        }
    }
}

impl Unrecorded {
    /// It writes entries of these kinds.
    pub(crate) fn writes(self, kinds: &'static [Kind]) -> Undescribed {
        Undescribed {
            route: self,
            effect: Effect::Writes(kinds),
        }
    }

    /// It writes no entry of its own, because …
    pub(crate) fn reads(self, reason: &'static str) -> Undescribed {
        Undescribed {
            route: self,
            effect: Effect::Reads(reason),
        }
    }
}

impl Undescribed {
    /// What it is for, what it takes and what it gives.
    pub(crate) fn described(self, description: Description) -> Route {
        let Self {
            route: Unrecorded { route, decision },
            effect,
        } = self;
        Route {
            method: route.method,
            path: route.path,
            to_the_end: false,
            decision,
            effect,
            budget: Budget::PLAIN,
            description,
            handler: route.handler,
        }
    }
}
