//! Repositories over sqlx: state and record committed together.
