//! Buffers of column values: owned by the host, or lent by whoever maps them.

use std::ops::Deref;

/// Values of one buffer, in host memory or in memory that somebody else owns, such as a shared ring.
///
/// A lent buffer is copied once, straight into guest memory; its owner is dropped after that, which is the
/// moment to give a slot of the ring back.
pub struct Buffer<T>(Inner<T>);

enum Inner<T> {
    Owned(Vec<T>),
    Lent(Box<dyn AsRef<[T]> + Send + Sync>),
}

impl<T> Buffer<T> {
    /// A buffer whose values belong to `owner` for as long as the buffer lives.
    pub fn lent(owner: impl AsRef<[T]> + Send + Sync + 'static) -> Self {
        Self(Inner::Lent(Box::new(owner)))
    }

    /// The values.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match &self.0 {
            Inner::Owned(values) => values,
            Inner::Lent(owner) => (**owner).as_ref(),
        }
    }

    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        size_of_val(self.as_slice()) as u64
    }

    /// The values for changing, if they are the host's own.
    pub(crate) fn owned_mut(&mut self) -> Option<&mut Vec<T>> {
        match &mut self.0 {
            Inner::Owned(values) => Some(values),
            Inner::Lent(_) => None,
        }
    }
}

impl<T: Clone> Buffer<T> {
    /// The values as a vector; copies only what is lent.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Inner::Owned(values) => values,
            Inner::Lent(owner) => (*owner).as_ref().to_vec(),
        }
    }
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Inner::Owned(values))
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Clone> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self::from(self.to_vec())
    }
}

impl<T: PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// INVARIANT: shows a length and never a value, because buffers hold rows.
impl<T> std::fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({} values)", self.len())
    }
}
