//! What can be wrong with a witness, in words of its own.

use yunei_model::Text;
use yunei_outbound::OutboundError;

macro_rules! faults {
    ($($(#[$meta:meta])* $variant:ident = $word:literal, $wrong:literal, $zh:literal, $en:literal;)+) => {
        /// Why a witness did not cosign. A word never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum WitnessFault { $(#[doc = $en] $variant),+ }

        impl WitnessFault {
            /// Each of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in record and API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Whether somebody did wrong, witness or log; otherwise it was only not there.
            #[must_use]
            pub const fn is_wrong(self) -> bool {
                match self { $(Self::$variant => $wrong),+ }
            }

            /// What people read.
            #[must_use]
            pub fn explained(self) -> Text {
                let (zh, en) = match self { $(Self::$variant => ($zh, $en)),+ };
                Text { zh: zh.to_owned(), en: en.to_owned() }
            }
        }
    };
}

faults! {
    Unreached = "unreached", false, "无法连接。", "It cannot be reached.";
    Slow = "slow", false, "在规定时间内没有答复。", "It does not answer in time.";
    Busy = "busy", false, "繁忙或自身故障，稍后再试。", "It is busy or failing; it is asked again.";
    UnknownLog = "unknown-log", false, "它不认识本日志。", "It does not know this log.";
    UnknownKey = "unknown-key", false, "它不认识本日志的签名密钥。", "It does not know the key that signs this log.";
    Malformed = "malformed", true, "答复不符合协议。", "Its answer is not of the protocol.";
    Forged = "forged", true, "答复中没有其密钥对本检查点的有效签名。", "Its answer has no cosignature of its key that holds over the checkpoint.";
    Clock = "clock", true, "其签名时间与本机相差过大。", "The time of its cosignature is far from the time here.";
    Contradiction = "contradiction", true, "答复自相矛盾。", "Its answers contradict each other.";
    Ahead = "ahead", true, "它见过比本日志更长的日志：本日志丢失了条目，或有人分叉。", "It has seen more of this log than there is: entries were lost here, or the log was forked.";
    Refused = "refused", true, "它认为检查点与其此前所见不一致：日志分叉，或见证方有误。", "It holds that the checkpoint contradicts what it saw before: a fork of the log, or a fault of the witness.";
    Inside = "inside", false, "本系统未能提交。", "The request failed on this side.";
}

impl From<&OutboundError> for WitnessFault {
    fn from(error: &OutboundError) -> Self {
        match error {
            error if error.is_timeout() => Self::Slow,
            OutboundError::TooLong => Self::Malformed,
            OutboundError::Broken => Self::Inside,
            _ => Self::Unreached,
        }
    }
}
