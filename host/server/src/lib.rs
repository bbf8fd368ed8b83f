//! The HTTP interface: routes, sign-in, OpenAPI.
