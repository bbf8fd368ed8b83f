//! The policies of this release, as they stand in `policies/`.

/// The Cedar schema.
pub const SCHEMA: &str = include_str!("../../../policies/schema.cedarschema");

/// The policies: file name and text.
pub const POLICIES: &[(&str, &str)] = &[
    (
        "administration.cedar",
        include_str!("../../../policies/administration.cedar"),
    ),
    (
        "admission.cedar",
        include_str!("../../../policies/admission.cedar"),
    ),
    (
        "catalogue.cedar",
        include_str!("../../../policies/catalogue.cedar"),
    ),
    (
        "grants.cedar",
        include_str!("../../../policies/grants.cedar"),
    ),
    (
        "negative.cedar",
        include_str!("../../../policies/negative.cedar"),
    ),
    (
        "products.cedar",
        include_str!("../../../policies/products.cedar"),
    ),
    (
        "release.cedar",
        include_str!("../../../policies/release.cedar"),
    ),
    (
        "supervision.cedar",
        include_str!("../../../policies/supervision.cedar"),
    ),
    ("use.cedar", include_str!("../../../policies/use.cedar")),
];
