//! Whether anybody outside holds the log to what it said.

use std::path::Path;

use yunei_ledger::Quorum;

use super::Finding;
use crate::files;
use crate::serve::WITNESSES_FILE;

/// The quorum policy of a data directory.
pub fn look(data: &Path) -> Finding {
    let thing = "witnesses";
    let path = data.join(WITNESSES_FILE);
    if !path.exists() {
        let found = format!("none: there is no `{WITNESSES_FILE}` in the data directory");
        let advice = "without witnesses whoever runs this system can rewrite its record unnoticed; see host/witness/README.md";
        return Finding::missing(thing, found, advice).optional();
    }
    let wrong = |cause: String| {
        Finding::missing(
            thing,
            format!("`{WITNESSES_FILE}` cannot be used: {cause}"),
            "put it right: the server does not start with it",
        )
    };
    match files::text(&path).map(|text| Quorum::parse(&text)) {
        Ok(Ok(quorum)) => Finding::ok(
            thing,
            format!("{} of {} make the quorum", quorum.needed(), quorum.known()),
        ),
        Ok(Err(error)) => wrong(error.to_string()),
        Err(error) => wrong(error.to_string()),
    }
}
