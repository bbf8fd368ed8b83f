//! What went wrong, and how people and programs are told.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

use serde::Deserialize;
use serde_json::json;
use thiserror::Error;
use yunei_model::Code;

use crate::exit::Exit;
use crate::sheet::visible;

/// Input or usage that is wrong.
#[derive(Debug, Error)]
#[error("{what}")]
pub struct Input {
    what: String,
    code: &'static str,
    #[source]
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Input {
    /// It is wrong in this way.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            code: "bad-input",
            cause: None,
        }
    }

    /// The same, with a code of its own for programs.
    pub const fn coded(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// The same, because of `cause`.
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

/// What the server answered instead of doing it.
#[derive(Debug, Clone, Default, Deserialize, Error)]
#[error("{message}")]
pub struct Answered {
    /// HTTP status.
    #[serde(skip)]
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// The sentence that goes with it.
    pub message: String,
    /// Details, each a sentence of its own.
    #[serde(default)]
    pub details: Vec<String>,
    /// The clause that refused.
    #[serde(default)]
    pub clause: Option<String>,
    /// The request's id, for whoever looks into it.
    #[serde(default)]
    pub request_id: Option<String>,
}

impl Answered {
    /// The exit code that goes with it.
    pub fn exit(&self) -> Exit {
        let known = Code::ALL.iter().find(|code| code.as_str() == self.code);
        known.map_or_else(|| Exit::of_status(self.status), |code| Exit::of(*code))
    }

    fn for_people(&self) -> String {
        let heading = match self.exit() {
            Exit::Refused => "refused",
            Exit::Waits => "not yet",
            Exit::Failed => "failed",
            Exit::Input | Exit::Done | Exit::Differs => "error",
        };
        let mut text = format!(
            "{heading}: {} ({})",
            visible(&self.message),
            visible(&self.code)
        );
        let mut line = |label: &str, value: &str| {
            let _ = write!(text, "\n  {label:<8} {}", visible(value));
        };
        if let Some(clause) = &self.clause {
            line("clause", clause);
        }
        for detail in &self.details {
            line("detail", detail);
        }
        if let Some(request) = &self.request_id {
            line("request", request);
        }
        text
    }
}

/// The exit code that goes with an error.
pub fn exit(error: &anyhow::Error) -> Exit {
    let of = |cause: &(dyn Error + 'static)| {
        let input = cause.is::<Input>().then_some(Exit::Input);
        input.or_else(|| cause.downcast_ref().map(Answered::exit))
    };
    error.chain().find_map(of).unwrap_or(Exit::Failed)
}

/// An error in the words for people.
pub fn for_people(error: &anyhow::Error) -> String {
    if let Some(answered) = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Answered>())
    {
        return answered.for_people();
    }
    let mut text = format!("error: {}", visible(&error.to_string()));
    for cause in error.chain().skip(1) {
        let _ = write!(text, "\n  because  {}", visible(&cause.to_string()));
    }
    text
}

/// An error as one line of JSON, of the shape that the server uses.
pub fn for_programs(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    let told = match error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Answered>())
    {
        Some(answered) => json!({
            "code": answered.code,
            "message": answered.message,
            "details": answered.details,
            "clause": answered.clause,
            "request_id": answered.request_id,
        }),
        None => json!({
            "code": error.chain().find_map(|cause| cause.downcast_ref::<Input>()).map_or("failed", |input| input.code),
            "message": error.to_string(),
            "details": causes,
            "clause": null,
            "request_id": null,
        }),
    };
    told.to_string()
}

/// Tells of an error on standard error, and gives the exit code that goes with it.
pub fn tell(error: &anyhow::Error, json: bool) -> Exit {
    let text = if json {
        for_programs(error)
    } else {
        for_people(error)
    };
    // There is nobody left to tell if that fails.
    let _ = writeln!(std::io::stderr(), "{text}");
    exit(error)
}

#[cfg(test)]
mod tests;
