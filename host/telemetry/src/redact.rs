//! The one door through which a value gets into a log line or an exported span.

use std::fmt::{self, Debug, Write as _};
use std::net::IpAddr;

use serde_json::Value;
use tracing::field::{Field, Visit};

use crate::names::{self, CAUSE_BYTES_MAX, Shape, WORD_BYTES_MAX};

/// Most fields that one span or event contributes.
pub(crate) const FIELDS_MAX: usize = 48;
/// Most text that is looked at before stripping, in bytes.
const RAW_BYTES_MAX: usize = 2048;
/// Longest run of digits in a word.
const DIGITS_RUN_MAX: usize = 6;
/// What a value in a cause becomes.
const STRIPPED: char = '…';

/// `text` as a value of `shape`; nothing when it does not have that shape.
pub(crate) fn admit_text(shape: Shape, text: &str) -> Option<Value> {
    match shape {
        Shape::Id => is_id(text).then(|| Value::from(text)),
        Shape::Digest => is_digest(text).then(|| Value::from(text)),
        Shape::Word => is_word(text).then(|| Value::from(text)),
        Shape::Number => text
            .parse::<u64>()
            .map(Value::from)
            .or_else(|_| text.parse::<i64>().map(Value::from))
            .ok(),
        Shape::Flag => text.parse::<bool>().map(Value::from).ok(),
        Shape::Cause => Some(Value::from(strip(text))),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| {
            if matches!(at, 8 | 13 | 18 | 23) {
                byte == b'-'
            } else {
                is_lower_hex(byte)
            }
        })
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(is_lower_hex)
}

/// Whether `byte` is a lower-case hexadecimal digit.
pub(crate) const fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Whether `text` is a [`Shape::Word`]. Numbers are not, nor anything with a long run of digits: such are values, or people's numbers.
fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/{}@+-".contains(&byte);
    let telling =
        text.bytes().any(|byte| byte.is_ascii_alphabetic()) || text.parse::<IpAddr>().is_ok();
    let digits_run = text
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    text.len() <= WORD_BYTES_MAX
        && text.bytes().all(allowed)
        && telling
        && digits_run <= DIGITS_RUN_MAX
        && text.parse::<f64>().is_err()
}

/// The words of `text`: what is quoted or in backticks, every token with a digit, and everything that is not ASCII is replaced.
///
/// Errors put what a user or a file said in backticks; the rest of these rules is for the errors of others.
pub(crate) fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().take(RAW_BYTES_MAX).peekable();
    let mut token = String::new();
    while let Some(c) = rest.next() {
        let opens = matches!(c, '`' | '"') || (c == '\'' && token.is_empty());
        if opens {
            push(&mut out, &mut token);
            // An opening quote that is never closed hides the rest.
            for inside in rest.by_ref() {
                if inside == c {
                    break;
                }
            }
            push_stripped(&mut out);
        } else if c.is_ascii_alphanumeric() || c == '_' || c == '\'' || !c.is_ascii() {
            token.push(c);
        } else {
            push(&mut out, &mut token);
            out.push(if c.is_ascii_graphic() { c } else { ' ' });
        }
    }
    push(&mut out, &mut token);
    while out.len() > CAUSE_BYTES_MAX {
        out.pop();
    }
    out
}

fn push(out: &mut String, token: &mut String) {
    let telling = token.bytes().any(|b| b.is_ascii_digit() || !b.is_ascii());
    if telling {
        push_stripped(out);
    } else {
        out.push_str(token);
    }
    token.clear();
}

fn push_stripped(out: &mut String) {
    if !out.ends_with(STRIPPED) {
        out.push(STRIPPED);
    }
}

/// The fields of one span or event after redaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    /// What may be shown.
    pub(crate) kept: Vec<(&'static str, Value)>,
    /// Names (constants of the program) of what may not.
    pub(crate) dropped: Vec<&'static str>,
}

impl Fields {
    fn keep(&mut self, field: &Field, value: Option<Value>) {
        let full = self.kept.len() >= FIELDS_MAX;
        match value {
            Some(value) if !full => {
                let name = field.name();
                self.kept.retain(|(kept, _)| *kept != name);
                self.kept.push((name, value));
            }
            _ if self.dropped.len() < FIELDS_MAX => self.dropped.push(field.name()),
            _ => {}
        }
    }

    fn number(&mut self, field: &Field, value: Value) {
        let wanted = names::shape(field.name()) == Some(Shape::Number);
        self.keep(field, wanted.then_some(value));
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        let wanted = names::shape(field.name()) == Some(Shape::Flag);
        self.keep(field, wanted.then(|| Value::from(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, _value: f64) {
        self.keep(field, None);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let value = names::shape(field.name()).and_then(|shape| admit_text(shape, value));
        self.keep(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // A field without a name of ours is not even formatted.
        let value = names::shape(field.name()).and_then(|shape| {
            let mut text = Capped(String::new());
            // INVARIANT: `Capped` answers an error only when it is full, and a cut text is still looked at whole below.
            let _full = write!(text, "{value:?}");
            admit_text(shape, &text.0)
        });
        self.keep(field, value);
    }
}

/// A text that stops growing at [`RAW_BYTES_MAX`].
struct Capped(String);

impl fmt::Write for Capped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.0.len() >= RAW_BYTES_MAX {
                return Err(fmt::Error);
            }
            self.0.push(c);
        }
        Ok(())
    }
}
