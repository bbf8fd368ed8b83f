//! Parts as descriptors: an object store that reads at offsets and can do nothing else.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// A part that was handed over.
#[derive(Debug, Clone)]
pub(super) struct PartFile {
    file: Arc<File>,
    bytes: u64,
}

impl PartFile {
    pub(super) fn new(file: File, bytes: u64) -> Self {
        Self {
            file: Arc::new(file),
            bytes,
        }
    }

    fn read(&self, range: &Range<u64>) -> std::io::Result<Bytes> {
        let length = range.end.checked_sub(range.start);
        let length = length.filter(|_| range.end <= self.bytes);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let mut buffer = vec![0; length.ok_or(std::io::ErrorKind::UnexpectedEof)?];
        self.file.read_exact_at(&mut buffer, range.start)?;
        Ok(buffer.into())
    }
}

impl Length for PartFile {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for PartFile {
    type T = std::io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> std::result::Result<Self::T, ParquetError> {
        Ok(std::io::Cursor::new(self.read(&(start..self.bytes))?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> std::result::Result<Bytes, ParquetError> {
        Ok(self.read(&(start..start.saturating_add(length as u64)))?)
    }
}

/// The parts of all views, each at a location that is its number.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    parts: Mutex<Vec<PartFile>>,
}

impl Descriptors {
    /// Adds a part, and says where it is.
    pub(super) fn add(&self, part: PartFile) -> PartitionedFile {
        let bytes = part.bytes;
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(part);
        location(parts.len() - 1, bytes)
    }

    fn find(&self, path: &Path) -> Result<(PartFile, ObjectMeta)> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let number = path.as_ref().parse().ok();
        let part = number.and_then(|number: usize| parts.get(number).map(|p| (number, p.clone())));
        let (number, part) = part.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let meta = location(number, part.bytes).object_meta;
        Ok((part, meta))
    }
}

impl fmt::Display for Descriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("descriptors")
    }
}

#[async_trait]
impl ObjectStore for Descriptors {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let (part, meta) = self.find(path)?;
        let range = match &options.range {
            None => 0..part.bytes,
            Some(range) => requested(range, part.bytes)?,
        };
        let bytes = match options.head {
            true => Bytes::new(),
            false => part.read(&range).map_err(failed)?,
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed()),
            meta,
            range,
            attributes: object_store::Attributes::default(),
        })
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (part, _) = self.find(path)?;
        let read = |range| part.read(range).map_err(failed);
        ranges.iter().map(read).collect()
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(refused())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(refused())
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(refused()) }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::once(async { Err(refused()) }).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(refused())
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(refused())
    }
}

fn requested(range: &GetRange, bytes: u64) -> Result<Range<u64>> {
    range
        .as_range(bytes)
        .map_err(|source| object_store::Error::Generic {
            store: "descriptors",
            source: Box::new(source),
        })
}

fn location(number: usize, bytes: u64) -> PartitionedFile {
    PartitionedFile::new(number.to_string(), bytes)
}

fn failed(error: std::io::Error) -> object_store::Error {
    object_store::Error::Generic {
        store: "descriptors",
        source: Box::new(error),
    }
}

fn refused() -> object_store::Error {
    failed(std::io::ErrorKind::Unsupported.into())
}
