use toml::Table;

use super::{bans, check, denials, inherits};
use crate::workspace::Workspace;

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

#[test]
fn a_crate_must_take_the_workspaces_lints() {
    assert!(inherits(&table("[lints]\nworkspace = true")));
    assert!(!inherits(&table("[lints]\nworkspace = false")));
    assert!(!inherits(&table("[lints.clippy]\npanic = 'allow'")));
    assert!(!inherits(&table("")));
}

#[test]
fn a_lint_that_is_let_off_is_found() {
    let denied = "unwrap_used = 'deny'\nexpect_used = 'deny'\npanic = 'forbid'\nindexing_slicing = 'deny'\ndisallowed_methods = 'deny'\n";
    let full = format!("[workspace.lints.clippy]\n{denied}too_many_lines = 'deny'");
    assert!(denials(&table(&full)).is_empty());
    let weak = format!("[workspace.lints.clippy]\n{denied}too_many_lines = 'warn'");
    assert_eq!(
        denials(&table(&weak)),
        ["the workspace must deny `clippy::too_many_lines`"]
    );
    assert_eq!(denials(&table("")).len(), 6);
}

#[test]
fn a_lifted_ban_is_found() {
    let clippy = "too-many-lines-threshold = 70\ndisallowed-methods = [{ path = 'std::time::SystemTime::now' }, 'uuid::Uuid::now_v7', { path = 'uuid::Uuid::new_v4' }]";
    assert_eq!(
        bans(&table(clippy)),
        ["clippy.toml must ban `std::env::var`"]
    );
    assert_eq!(bans(&table("too-many-lines-threshold = 100")).len(), 5);
}

#[test]
fn this_workspace_has_all_of_it() {
    let workspace = Workspace::find().unwrap();
    assert_eq!(check(&workspace).unwrap(), Vec::<String>::new());
}
