//! Retrievals of evidence.

use yunei_model::{OrganisationId, Retrieval, RetrievalId};

use crate::reading::{find, json, list, reads};
use crate::{Change, Page, StoreError};

reads! {
    /// The retrieval of that id.
    fn retrieval(id: RetrievalId) -> Option<Retrieval> = |c| find(c, "retrieval",
        sqlx::query("SELECT body FROM retrievals WHERE id = $1").bind(id.to_string())).await;

    /// Retrievals, of one authority or of all.
    fn retrievals(organisation: Option<OrganisationId>, page: Page<RetrievalId>) -> Vec<Retrieval> = |c| list(c,
        "retrievals", &[("organisation", organisation.iter().map(ToString::to_string).collect())], &page).await;
}

impl Change {
    /// Writes a retrieval, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its authority.
    pub async fn put_retrieval(&mut self, retrieval: &Retrieval) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO retrievals (id, organisation, state, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        )
        .bind(retrieval.id.to_string())
        .bind(retrieval.organisation.to_string())
        .bind(retrieval.state.as_str())
        .bind(json(retrieval, "retrieval")?);
        self.write("retrieval", query).await.map(drop)
    }
}
