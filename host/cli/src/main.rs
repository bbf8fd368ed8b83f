//! `yunei`: the one binary, composition root and command line.
//!
//! Duty: start the processes of the domain (`serve`, the rooms, the compiling child), an authority's `witness`, and give everyone a way to talk to it:
//! commands that change something go over HTTP like anyone else; offline ones open the store read-only.
//!
//! Invariants: the rooms and the compiling child are entered before anything else happens, in the only thread there is. The
//! environment is read here (`YUNEI_URL`, `YUNEI_TOKEN`, `YUNEI_LANGUAGE`, `YUNEI_LOG`) and nowhere below. What people read is a
//! table, what programs read is JSON (`--json`), what went wrong is on standard error, and the exit code says of which kind it was.
//!
//! Never: logic: no decision, no order of things, no way round the interface that everyone uses.

mod arguments;
mod caller;
mod client;
mod exit;
mod failure;
mod files;
mod internal;
mod lookup;
mod page;
mod printer;
mod secret;
mod sheet;

mod alert;
mod catalog;
mod certificate;
mod doctor;
mod emergency;
mod gate;
mod grant;
mod ledger;
mod module;
mod privacy;
mod product;
mod release;
mod replay;
mod retrieval;
mod run;
mod scenario;
mod serve;
mod system;
mod user;
mod witness;

#[cfg(test)]
mod testing;

use std::process::ExitCode;

fn main() -> ExitCode {
    match internal::dispatch() {
        Some(end) => end,
        None => arguments::run(),
    }
}
