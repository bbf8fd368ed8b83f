//! Which entries of the record a request asks for: the same fields in each question about them.

/// Declares the query of a route: fields of its own, then those that choose entries, which `filter` gives. A `dated struct` has bounds of
/// time too, and gives all of them as `dated_filter`.
///
/// It is a macro since serde's `flatten` and `deny_unknown_fields` exclude each other, and a field that a route does not have is an error.
macro_rules! asks_for_entries {
    ($(#[$about:meta])* struct $query:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        struct $query {
            $($own)*
            /// Of these kinds, separated by commas.
            #[serde(default, deserialize_with = "crate::query::several")]
            #[param(value_type = Option<String>)]
            kind: Vec<yunei_ledger::Kind>,
            /// About this run.
            #[param(value_type = Option<String>)]
            run: Option<yunei_model::RunId>,
            /// About this operating unit.
            #[param(value_type = Option<String>)]
            operator: Option<yunei_model::OrganisationId>,
            /// Done by this account.
            #[param(value_type = Option<String>)]
            actor: Option<yunei_model::AccountId>,
            /// About this grant.
            #[param(value_type = Option<String>)]
            grant: Option<yunei_model::GrantId>,
            /// About this module.
            #[param(value_type = Option<String>)]
            module: Option<yunei_model::ModuleId>,
            /// About this resource: naming it, or about a run, a grant or a module of it.
            #[param(value_type = Option<String>)]
            resource: Option<yunei_model::Name>,
            /// Where policy said so: `allowed` or `denied`.
            #[param(value_type = Option<String>)]
            decision: Option<yunei_model::CallDecision>,
        }

        impl $query {
            fn filter(&self) -> yunei_store::EntryFilter {
                yunei_store::EntryFilter {
                    kinds: self.kind.clone(),
                    run: self.run,
                    operator: self.operator,
                    actor: self.actor,
                    grant: self.grant,
                    module: self.module,
                    resource: self.resource.clone(),
                    decision: self.decision,
                    ..yunei_store::EntryFilter::default()
                }
            }
        }
    };
    ($(#[$about:meta])* dated struct $query:ident { $($own:tt)* }) => {
        asks_for_entries! {
            $(#[$about])*
            struct $query {
                $($own)*
                /// Made at or after, in RFC 3339.
                #[serde(default, deserialize_with = "crate::query::moment_if_any")]
                #[param(value_type = Option<String>)]
                since: Option<yunei_model::Timestamp>,
                /// Made before, in RFC 3339.
                #[serde(default, deserialize_with = "crate::query::moment_if_any")]
                #[param(value_type = Option<String>)]
                until: Option<yunei_model::Timestamp>,
            }
        }

        impl $query {
            fn dated_filter(&self) -> yunei_store::EntryFilter {
                yunei_store::EntryFilter {
                    since: self.since,
                    until: self.until,
                    ..self.filter()
                }
            }
        }
    };
}

pub(super) use asks_for_entries;
