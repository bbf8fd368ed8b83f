//! Organisations, people and roles.

use crate::demo::show;
use crate::demo::stage::Stage;

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.story.register_organisations()?;
    stage.doing("opening accounts; passwords are hashed slowly on purpose");
    stage.story.open_accounts(|_| ())?;
    let mut lines = vec![vec![
        "account".to_owned(),
        "role".to_owned(),
        "organisation".to_owned(),
    ]];
    for persona in stage.story.personas() {
        lines.push(vec![
            persona.account.clone(),
            persona.role.to_owned(),
            persona.organisation.clone(),
        ]);
    }
    stage.say(&show::indent(&show::aligned(&lines, &[]), 3));
    Ok(())
}
