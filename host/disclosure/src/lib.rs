//! Statistical disclosure control: rules, profiles, suppression and verdicts.
