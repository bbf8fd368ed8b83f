//! Putting a manifest of one's own into a component, as whoever builds modules without our tools would.

use crate::{StoryError, Told};

/// Name of the custom section that holds a manifest.
const SECTION: &str = "yunei:manifest";
/// Bytes before the first section of a component: magic number, version, layer.
const HEADER_BYTES: usize = 8;

/// The component with `manifest` in place of those it has.
///
/// # Errors
/// The component is cut short.
pub fn with_manifest(component: &[u8], manifest: &str) -> Told<Vec<u8>> {
    let cut = || StoryError("a component that is cut short".to_owned());
    let mut made = component.get(..HEADER_BYTES).ok_or_else(cut)?.to_vec();
    let mut rest = component.get(HEADER_BYTES..).ok_or_else(cut)?;
    while let Some(id) = rest.first() {
        let (length, bytes) = number(rest.get(1..).ok_or_else(cut)?).ok_or_else(cut)?;
        let end = 1 + bytes + length;
        let section = rest.get(..end).ok_or_else(cut)?;
        let content = section.get(1 + bytes..).ok_or_else(cut)?;
        if *id != 0 || !is_manifest(content) {
            made.extend_from_slice(section);
        }
        rest = rest.get(end..).ok_or_else(cut)?;
    }
    let mut content = leb(SECTION.len());
    content.extend_from_slice(SECTION.as_bytes());
    content.extend_from_slice(manifest.as_bytes());
    made.push(0);
    made.extend(leb(content.len()));
    made.extend(content);
    Ok(made)
}

fn is_manifest(custom: &[u8]) -> bool {
    number(custom).is_some_and(|(length, bytes)| {
        custom.get(bytes..bytes + length) == Some(SECTION.as_bytes())
    })
}

/// An unsigned LEB128 number, and its bytes.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_takes_another_manifest_and_keeps_the_rest() {
        let empty = b"\0asm\x0d\0\x01\0";
        let once = with_manifest(empty, "name = \"a\"").unwrap();
        let twice = with_manifest(&once, &"x".repeat(300)).unwrap();
        assert_eq!(twice, with_manifest(empty, &"x".repeat(300)).unwrap());
        assert!(with_manifest(&once[..once.len() - 1], "").is_err());
        for value in [0, 127, 128, 16_384, 1 << 20] {
            let bytes = leb(value);
            assert_eq!(number(&bytes), Some((value, bytes.len())));
        }
    }
}
