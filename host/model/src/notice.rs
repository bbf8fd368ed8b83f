//! What an operating unit is told beforehand: of its own things and of public structure alone.
//!
//! INVARIANT: whether somebody else released anything about the same rows is in no notice, and follows from none. That there is no
//! notice does not say that nobody did.

use crate::Language;
use crate::transition::names;

names! {
    /// What is told beforehand about rows that would be told of twice.
    Notice {
        /// A run's rows are among those of editions of the unit's own products.
        OwnProducts = "own-products",
        /// Tables of the unit's own about rows of a product's editions have left.
        OwnReleases = "own-releases",
    }
}

impl Notice {
    /// The sentence that goes with it.
    #[must_use]
    pub const fn sentence(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::OwnProducts, Language::Zh) => {
                "本次运行的数据行与贵单位产品期次的数据行重叠：若已有期次出域，本次结果可能须经两名审核员审核；本次结果出域后，此后的期次亦可能须审核。请改为指定与产品周期一致、已关闭的时段。"
            }
            (Self::OwnProducts, Language::En) => {
                "Rows of this run are among those of your products' editions: where an edition has left, this run may wait for two reviewers, and once its table has left, later editions may. Name a closed period of the product's cadence instead."
            }
            (Self::OwnReleases, Language::Zh) => {
                "贵单位已有涉及这些数据行的结果出域，本产品的期次可能须经两名审核员审核。"
            }
            (Self::OwnReleases, Language::En) => {
                "Tables of yours about these rows have left, so editions of this product may wait for two reviewers."
            }
        }
    }
}
