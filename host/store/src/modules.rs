//! Modules, with their admission and reviews.

use yunei_model::{Digest, Module, ModuleId, OrganisationId};

use crate::reading::{find, json, list, reads};
use crate::{Change, Page, StoreError};

reads! {
    /// The module of that id.
    fn module(id: ModuleId) -> Option<Module> = |c| find(c, "module",
        sqlx::query("SELECT body FROM modules WHERE id = $1").bind(id.to_string())).await;

    /// The newest module of an operating unit with that digest.
    fn module_by_digest(operator: OrganisationId, digest: &Digest) -> Option<Module> = |c| find(c, "module",
        sqlx::query("SELECT body FROM modules WHERE digest = $1 AND operator = $2 ORDER BY id DESC LIMIT 1")
            .bind(digest.to_string()).bind(operator.to_string())).await;

    /// Modules, of one operating unit or of all.
    fn modules(operator: Option<OrganisationId>, page: Page<ModuleId>) -> Vec<Module> = |c| list(c, "modules",
        &[("operator", operator.iter().map(ToString::to_string).collect())], &page).await;
}

impl Change {
    /// Writes a module, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its operating unit.
    pub async fn put_module(&mut self, module: &Module) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO modules (id, digest, operator, state, body) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, operator = excluded.operator, \
             state = excluded.state, body = excluded.body",
        )
        .bind(module.id.to_string())
        .bind(module.digest.to_string())
        .bind(module.operator.to_string())
        .bind(module.state.as_str())
        .bind(json(module, "module")?);
        self.write("module", query).await?;
        self.link_module(module).await
    }
}
