//! Tests of the policies as they stand in `policies/`.

mod clauses;
mod judging;
mod judging_evidence;
mod judging_roles;
mod loading;
mod personas;
mod sample;
mod using;
mod using_modules;
mod using_private;
