//! Why something failed, with what stands behind it.

use std::error::Error;

use crate::redact::strip;

/// Causes behind a cause that are told of.
const CAUSES_MAX: usize = 8;

/// An error with the errors behind it, separated by colons.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error;
    for _ in 0..CAUSES_MAX {
        let Some(behind) = cause.source() else { break };
        told.push_str(": ");
        told.push_str(&behind.to_string());
        cause = behind;
    }
    told
}

/// The same in words alone, as [`crate::names::CAUSE`] is logged: nothing in it can be a value.
#[must_use]
pub fn chain_in_words(error: &(dyn Error + 'static)) -> String {
    strip(&chain(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_tells_every_cause_and_no_value() {
        let inner = std::io::Error::other("row `alice` of 42 is wrong");
        let outer = std::io::Error::other(inner);
        let told = chain(&outer);
        assert!(told.contains("alice"), "{told}");
        let words = chain_in_words(&outer);
        assert!(!words.contains("alice") && !words.contains("42"), "{words}");
        assert!(words.contains("is wrong"), "{words}");
    }
}
