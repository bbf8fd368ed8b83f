//! Floods the journal: with many notes, a long one, one that would repaint a terminal, one that is not UTF-8.

use yunei_guest::{Level, Result, note, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    drop(open("nyc-flights-2013")?);
    match parameter::<String>("attack")?.as_str() {
        "long" => note(Level::Warning, &"x".repeat(60_000)),
        "escapes" => note(
            Level::Error,
            "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nERROR forged line\u{202e}\0",
        ),
        "invalid" => {
            // SAFETY: none; that is the attack. The host must not take these bytes for text.
            let message = unsafe { String::from_utf8_unchecked(vec![b'a', 0xFF, 0xC0, 0x80]) };
            note(Level::Info, &message);
        }
        _ => (0..1_000_000).for_each(|n: u32| note(Level::Info, &n.to_string())),
    }
    write("loot", ["rows"], [(1_i64,)])
}
