//! Requests for stops.

use yunei_model::{StopRequest, StopRequestId};

use crate::reading::{json, list, reads};
use crate::{Change, Page, StoreError};

reads! {
    /// Requests for stops.
    fn stop_requests(page: Page<StopRequestId>) -> Vec<StopRequest> = |c| list(c, "stop_requests", &[], &page).await;
}

impl Change {
    /// Writes a request for a stop; requests never change.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its account.
    pub async fn put_stop_request(&mut self, request: &StopRequest) -> Result<(), StoreError> {
        let query =
            sqlx::query("INSERT INTO stop_requests (id, account, body) VALUES ($1, $2, $3)")
                .bind(request.id.to_string())
                .bind(request.account.to_string())
                .bind(json(request, "stop request")?);
        self.write("stop request", query).await.map(drop)
    }
}
