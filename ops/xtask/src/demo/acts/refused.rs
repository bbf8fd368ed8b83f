//! A module that asks for a field that the grant does not name.

use anyhow::bail;

use crate::demo::show;
use crate::demo::stage::Stage;

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let cast = stage.cast("refused-field")?;
    let answer = stage
        .story
        .submit(&cast.operator, &cast.directory, &cast.module, &cast.grant)?;
    if answer.is_success() {
        bail!("an ungranted field was given");
    }
    stage.say("   it reads `race` of the census; the grant names other fields, and nothing runs:");
    stage.say(&show::indent(
        &show::refusal(answer.status, &answer.json()),
        6,
    ));
    Ok(())
}
