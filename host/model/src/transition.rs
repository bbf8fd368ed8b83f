//! States and the steps between them.

use std::fmt::Debug;

use thiserror::Error;

/// A state whose lawful successors are a table.
pub trait State: Copy + Eq + Debug + 'static {
    /// The states that may follow this one.
    fn successors(self) -> &'static [Self];

    /// Whether nothing may follow.
    fn is_final(self) -> bool {
        self.successors().is_empty()
    }

    /// Steps to `next`.
    ///
    /// # Errors
    /// [`TransitionError`] when the table has no such step.
    fn step(self, next: Self) -> Result<Self, TransitionError> {
        if self.successors().contains(&next) {
            Ok(next)
        } else {
            Err(TransitionError {
                from: format!("{self:?}"),
                to: format!("{next:?}"),
            })
        }
    }
}

/// A step that the state's table does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no step leads from `{from}` to `{to}`")]
pub struct TransitionError {
    /// State that the thing is in.
    pub from: String,
    /// State that was asked for.
    pub to: String,
}

/// Implements [`State`], `Display`, `FromStr` and serde by one table; the kebab-case names are those of the store and the API.
macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal => [$($next:ident),*]),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every state, in the order of a life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in store, record and API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl $crate::State for $name {
            fn successors(self) -> &'static [Self] {
                match self { $(Self::$variant => &[$(Self::$next),*]),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::NameError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err($crate::NameError::unknown(text)) }
            }
        }
    };
}

/// A closed set of kebab-case names.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every member.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in store, record and API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::NameError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err($crate::NameError::unknown(text)) }
            }
        }
    };
}

pub(crate) use {names, states};
