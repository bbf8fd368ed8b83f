//! The acts of the story, in the order of the way of data. Each is a file of its own; a new one is a file and a line in [`ACTS`].

mod approved;
mod catalogue;
mod certificate;
mod contract;
mod people;
mod proof;
mod record;
mod refused;
mod released;
mod reviewed;
mod revoked;
mod withheld;

use super::stage::Stage;

/// Rows of a table that are printed.
const ROWS_SHOWN: usize = 12;
/// Of later tables.
const ROWS_SHOWN_LATER: usize = 6;

/// One act: its title, and what happens in it.
type Act = (&'static str, fn(&mut Stage) -> anyhow::Result<()>);

/// The acts, in their order.
pub const ACTS: [Act; 12] = [
    ("Organisations, people and roles", people::play),
    (
        "Resources, catalogued and imported by their source units",
        catalogue::play,
    ),
    (
        "A scenario, a grant, and modules that are admitted or not",
        contract::play,
    ),
    (
        "A run: “how late do flights leave New York, month by month?”",
        released::play,
    ),
    (
        "What the released table rests on, verified without the server",
        certificate::play,
    ),
    (
        "A release that is withheld: two persons dominate a cell",
        withheld::play,
    ),
    (
        "An algorithm of its own, released after two people approved it",
        approved::play,
    ),
    (
        "An output that only people can judge: two reviewers release it",
        reviewed::play,
    ),
    (
        "A module that asks for a field that the grant does not name",
        refused::play,
    ),
    ("A revocation in the middle of a run", revoked::play),
    ("The record, witnessed and verified", record::play),
    (
        "One host call, from the cell to a verifier that others wrote",
        proof::play,
    ),
];

/// Plays them all.
pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.say(&format!(
        "An authorized operation domain: operating units run their own modules over public data that they never get, and what\n\
         leaves is only what passes a release gate. Everything below is asked of a real server at {}, over HTTP;\n\
         the data sets are public ones and a synthetic one, organisations and people are made up.",
        stage.url()
    ));
    for (title, play) in ACTS {
        stage.act(title);
        play(stage)?;
    }
    Ok(())
}
