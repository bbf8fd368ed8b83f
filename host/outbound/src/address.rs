//! Where a request goes.

use std::fmt;
use std::str::FromStr;

use ureq::http::Uri;

use crate::OutboundError;

/// Longest address in bytes.
pub const ADDRESS_BYTES_MAX: usize = 1024;

/// An `http` or `https` address without user, password or fragment; a trailing `/` is taken off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// The address with a path after it, such as `/add-checkpoint`.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        let separator = if path.is_empty() || path.starts_with('/') {
            ""
        } else {
            "/"
        };
        format!("{}{separator}{path}", self.0)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = OutboundError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || OutboundError::Address {
            address: text.chars().take(ADDRESS_BYTES_MAX).collect(),
        };
        if text.len() > ADDRESS_BYTES_MAX || text.contains(['#', '@']) {
            return Err(wrong());
        }
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        if !matches!(uri.scheme_str(), Some("http" | "https"))
            || uri.host().is_none_or(str::is_empty)
        {
            return Err(wrong());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn paths_follow_the_address() {
        let address: Address = "http://127.0.0.1:9/w/".parse().expect("an address");
        assert_eq!(
            address.join("/add-checkpoint"),
            "http://127.0.0.1:9/w/add-checkpoint"
        );
        assert_eq!(address.join("x"), "http://127.0.0.1:9/w/x");
        assert_eq!(address.join(""), "http://127.0.0.1:9/w");
    }

    #[test]
    fn what_is_no_plain_http_address_is_refused() {
        for wrong in [
            "",
            "ftp://a",
            "http://",
            "/path",
            "http://user:secret@a",
            "http://a/#x",
            "file:///etc/passwd",
        ] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
