//! End-to-end tests of Yunei; see `tests/`.
