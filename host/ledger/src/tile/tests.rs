//! Paths, widths and bytes of tiles, as tlog-tiles has them.

use super::*;
use crate::{Hashes, log};

#[test]
fn paths_are_those_of_the_specification() {
    let path = |kind, index, width| Tile::new(kind, index, width).unwrap().to_string();
    assert_eq!(
        path(TileKind::Hashes(0), 1_234_067, 256),
        "tile/0/x001/x234/067"
    );
    assert_eq!(path(TileKind::Hashes(2), 0, 1), "tile/2/000.p/1");
    assert_eq!(path(TileKind::Entries, 999, 256), "tile/entries/999");
    assert_eq!(
        path(TileKind::Entries, 1000, 255),
        "tile/entries/x001/000.p/255"
    );
    for text in [
        "tile/0/x001/x234/067",
        "tile/2/000.p/1",
        "tile/entries/x001/000.p/255",
    ] {
        assert_eq!(text.parse::<Tile>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/00/000",
        "tile/6/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/",
        "tile/0/000/",
        "tile/0/../../keys",
        "tile/entries/x999/x999/x999/x999/x999/999",
        "tile/data/000",
    ] {
        assert!(text.parse::<Tile>().is_err(), "{text}");
    }
}

#[test]
fn a_tree_has_the_tiles_that_the_specification_counts() {
    let tiles: Vec<String> = Tile::of_tree(70_000).map(|t| t.to_string()).collect();
    let of = |start: &str| tiles.iter().filter(|t| t.starts_with(start)).count();
    assert_eq!((of("tile/0/"), of("tile/1/"), of("tile/2/")), (274, 2, 1));
    assert!(tiles.contains(&"tile/0/273.p/112".to_owned()));
    assert!(tiles.contains(&"tile/1/001.p/17".to_owned()));
    assert!(tiles.contains(&"tile/2/000.p/1".to_owned()));
    assert_eq!(of("tile/entries/"), 274);
    let tiles: Vec<String> = Tile::of_tree(256).map(|t| t.to_string()).collect();
    assert_eq!(tiles, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert_eq!(Tile::of_tree(0).count(), 0);
}

#[test]
fn what_grew_is_what_was_not_there_before() {
    for earlier in [0, 1, 5, 255, 256, 257, 511, 512, 600] {
        for size in [earlier, earlier + 1, earlier + 255, earlier + 256, 70_000] {
            let had: Vec<Tile> = Tile::of_tree(earlier).collect();
            let expected: Vec<Tile> = Tile::of_tree(size).filter(|t| !had.contains(t)).collect();
            let grown: Vec<Tile> = Tile::grown(earlier, size).collect();
            assert_eq!(grown, expected, "{earlier} to {size}");
        }
    }
}

#[test]
fn stored_hashes_give_the_tiles_and_the_levels_above() {
    let leaves: Vec<Digest> = (0..600_u32).map(|n| Digest::of(&n.to_be_bytes())).collect();
    let mut hashes = Hashes::default();
    log::append(0, &leaves, &mut hashes).unwrap();
    for tile in Tile::of_tree(600) {
        let found: Vec<Digest> = tile.positions().map(|p| hashes.0[&p]).collect();
        assert_eq!(found.len(), usize::from(tile.width()));
        let level = match tile.kind() {
            TileKind::Hashes(1) => level_above(&leaves),
            _ => leaves.clone(),
        };
        let first = usize::try_from(tile.first()).unwrap();
        assert_eq!(found, level[first..first + found.len()], "{tile}");
        let bytes = hash_tile(&found);
        assert_eq!(read_hash_tile(&bytes, tile.width()).unwrap(), found);
        assert!(read_hash_tile(&bytes[1..], tile.width()).is_err());
        assert!(tile.size_min() <= 600);
    }
}

#[test]
fn a_bundle_is_read_back_or_is_not_whole() {
    let entries: [&[u8]; 3] = [b"first", b"", b"third"];
    let bytes = bundle(entries).unwrap();
    assert_eq!(&bytes[..7], b"\0\x05first");
    assert_eq!(read_bundle(&bytes, 3), (entries.to_vec(), true));
    assert!(!read_bundle(&bytes, 2).1);
    assert!(!read_bundle(&bytes, 4).1);
    assert_eq!(read_bundle(&bytes[..13], 3), (entries[..2].to_vec(), false));
    assert!(bundle([vec![0; ENTRY_BYTES_MAX]]).is_ok());
    assert!(bundle([vec![0; ENTRY_BYTES_MAX + 1]]).is_err());
}
