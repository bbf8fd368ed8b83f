//! Canonical entries, trace trees, Merkle log, checkpoints and their offline verification.
