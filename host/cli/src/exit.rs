//! Exit codes.

use std::process::ExitCode;

use yunei_model::Code;

/// How a command ended, as a program that called it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// It was done.
    Done,
    /// Something failed inside, or could not be reached.
    Failed,
    /// The input or the usage is wrong.
    Input,
    /// Policy refused, or the gate withheld.
    Refused,
    /// It waits for a review, or is not at its end yet.
    Waits,
    /// A replay differs from the record.
    Differs,
}

/// What `--help` says of the exit codes.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  something failed inside, could not be reached, or does not hold
  2  the input or the usage is wrong
  3  refused by policy or by admission, or withheld
  4  waits for a review, or is not at its end yet
  5  a replay differs from the record

Environment:
  YUNEI_URL, YUNEI_TOKEN, YUNEI_LANGUAGE: as --url, --token, --language
  YUNEI_LOG: what `yunei serve` logs, as --log";

impl Exit {
    /// The number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Input => 2,
            Self::Refused => 3,
            Self::Waits => 4,
            Self::Differs => 5,
        }
    }

    /// The exit code that goes with an answer of the server.
    pub fn of(code: Code) -> Self {
        match code {
            Code::EmergencyStop
            | Code::GrantNotActive
            | Code::GrantTermOver
            | Code::GrantOperator
            | Code::QuotaRuns
            | Code::QuotaRows
            | Code::QuotaCells
            | Code::ConsentMissing
            | Code::ScenarioNotApproved
            | Code::ModuleRefused
            | Code::ModuleNotAdmitted
            | Code::ReviewerTwice
            | Code::OutputUnopened
            | Code::ReviewerKeyMissing
            | Code::RoleSeparation
            | Code::QueryRefused => Self::Refused,
            Code::ModuleNotApproved | Code::QuorumMissing | Code::ReviewerKeyUnconfirmed => {
                Self::Waits
            }
            Code::TooManyRequests => Self::Failed,
            _ => Self::of_status(code.status()),
        }
    }

    /// The exit code that goes with an answer of a server that knows more codes than this program.
    pub const fn of_status(status: u16) -> Self {
        match status {
            403 => Self::Refused,
            400..=499 => Self::Input,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests;
