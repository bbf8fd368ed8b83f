//! Rows of the snapshot that a file is added to.

use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use yunei_model::{Resource, Snapshot, Timestamp};

use super::ImportError;
use super::rows::Rows;
use crate::canonical::BATCH_ROWS;
use crate::{Vault, VaultError};

/// Whether a file that tells of `data_as_of` can be added to `onto` at all.
pub(super) fn check(
    onto: &Snapshot,
    resource: &Resource,
    data_as_of: Timestamp,
) -> Result<(), ImportError> {
    if onto.resource != resource.id {
        return Err(ImportError::OntoOther { snapshot: onto.id });
    }
    if onto.schema_version != resource.schema.version {
        return Err(ImportError::OntoSchema {
            found: onto.schema_version,
            expected: resource.schema.version,
        });
    }
    if data_as_of < onto.data_as_of {
        return Err(ImportError::OntoOrder {
            onto: onto.data_as_of,
        });
    }
    Ok(())
}

/// Adds the rows of a snapshot in their order, after every part was compared with its digest.
pub(super) fn read(onto: &Snapshot, vault: &Vault, rows: &mut Rows) -> Result<(), ImportError> {
    vault.verify(onto)?;
    for part in &onto.parts {
        let corrupt = || VaultError::Corrupt { part: part.digest };
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let reader =
            ParquetRecordBatchReaderBuilder::try_new_with_options(vault.open_part(part)?, options)
                .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
                .map_err(|_| corrupt())?;
        for batch in reader {
            let batch = batch.map_err(|_| corrupt())?;
            rows.add(batch.columns().to_vec())?;
        }
    }
    if rows.count() == onto.rows() {
        Ok(())
    } else {
        Err(ImportError::Write)
    }
}
