//! Compiled components, loaded.

use crate::artefact::Authentic;
use crate::engine::Engine;
use crate::{SandboxError, unchecked};

/// A component that can be started.
#[derive(Clone)]
pub struct Component {
    pub(crate) inner: wasmtime::component::Component,
}

impl Component {
    /// Loads authenticated machine code. Only a cell does this, never the process that holds keys or the store.
    ///
    /// # Errors
    /// [`SandboxError::Load`] when the code is of another version, other settings or another processor.
    pub fn load(engine: &Engine, code: &Authentic) -> Result<Self, SandboxError> {
        let inner = unchecked::load(&engine.inner, code).map_err(SandboxError::load)?;
        // Now, while memory files may still be made; instances only map them.
        inner
            .initialize_copy_on_write_image()
            .map_err(SandboxError::load)?;
        Ok(Self { inner })
    }

    /// Names of what it imports.
    pub(crate) fn imports(&self, engine: &Engine) -> Vec<String> {
        let ty = self.inner.component_type();
        ty.imports(&engine.inner)
            .map(|(name, _)| name.to_owned())
            .collect()
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Component(…)")
    }
}
