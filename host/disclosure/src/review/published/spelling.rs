//! What a published file could say beside its figures.

/// Something that a file chose beyond its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::review) enum Liberty {
    /// Its rows are not in the order of the frame.
    Order,
    /// Its numbers are not all spelled the shortest way, or with the decimals that are stated.
    Spelling,
    /// Figures that are not rounded differ from the exact ones by what adding in another order may change.
    Digits,
    /// Shares that are not made of rounded numbers, and so tell which numbers they are made of.
    Shares,
}

impl Liberty {
    /// Whether people must decide about it.
    pub(in crate::review) fn is_for_people(self) -> bool {
        self == Self::Shares
    }

    /// What a reader should know.
    pub(in crate::review) const fn notice(self) -> &'static str {
        match self {
            Self::Order => {
                "its rows are not in the order of the frame, which could carry something"
            }
            Self::Spelling => {
                "its numbers are not spelled the shortest way, which could carry something"
            }
            Self::Digits => {
                "figures that are not rounded agree to nine digits, and the others could carry something"
            }
            Self::Shares => {
                "proportions are not made of rounded numbers, and tell the numbers that they are made of"
            }
        }
    }
}

/// Whether a number is spelled as it is printed, or with so many decimals.
pub(super) fn is_plain(text: &str, number: f64, decimals: Option<u32>) -> bool {
    let with = |decimals: u32| format!("{number:.*}", decimals as usize) == text;
    number.to_string() == text || decimals.is_some_and(with)
}
