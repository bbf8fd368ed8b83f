//! The one module with `unsafe`: loading machine code, and lending buffers to the canonical ABI.
//!
//! Duty: hold every promise that the compiler cannot check, in one place that fits on a screen or two.
//!
//! Invariants: machine code is loaded only from [`Authentic`], which comes from an artefact that this host made and
//! authenticated. The trait implementations below forward every method to wasmtime's own for `[T]` and `Vec<T>`.
//!
//! Never: anything else.

#![expect(
    unsafe_code,
    reason = "deserialising machine code and implementing the canonical ABI's traits are unsafe by their nature"
)]

use std::mem::MaybeUninit;

use wasmtime::Result;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{Component, ComponentType, Lift, Lower};

use crate::Buffer;
use crate::artefact::Authentic;

/// Loads machine code.
pub(crate) fn load(engine: &wasmtime::Engine, code: &Authentic) -> Result<Component> {
    // SAFETY: `deserialize` runs whatever code it is given. INVARIANT: `Authentic` holds only bytes that our own
    // compiling child wrote and whose HMAC was verified, or that a supervisor which did so handed over sealed
    // against change; wasmtime itself checks version, settings and processor features.
    unsafe { Component::deserialize(engine, code.bytes()) }
}

// SAFETY: the type, its size and its flat form are exactly those of `[T]`, to which every item forwards.
unsafe impl<T: ComponentType> ComponentType for Buffer<T> {
    type Lower = <[T] as ComponentType>::Lower;
    const ABI: CanonicalAbiInfo = <[T] as ComponentType>::ABI;
    const MAY_REQUIRE_REALLOC: bool = <[T] as ComponentType>::MAY_REQUIRE_REALLOC;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <[T] as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: forwards to `[T]`, which has the same `Lower`.
unsafe impl<T: Lower> Lower for Buffer<T> {
    fn linear_lower_to_flat<U>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        self.as_slice().linear_lower_to_flat(cx, ty, dst)
    }

    fn linear_lower_to_memory<U>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        self.as_slice().linear_lower_to_memory(cx, ty, offset)
    }
}

// SAFETY: forwards to `Vec<T>`, which has the same `Lower`.
unsafe impl<T: Lift> Lift for Buffer<T> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> Result<Self> {
        Vec::linear_lift_from_flat(cx, ty, src).map(Self::from)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        Vec::linear_lift_from_memory(cx, ty, bytes).map(Self::from)
    }
}
