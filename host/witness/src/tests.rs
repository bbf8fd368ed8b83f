use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use tempfile::TempDir;
use yunei_ledger::{Checkpoint, CosigningKey, SigningKey, Tree, cosignature, log};
use yunei_model::{Digest, FixedClock, Timestamp};

use crate::{KEY_FILE, Refused, Witness, WitnessError, open_key};

const ORIGIN: &str = "example.com/log";
const SECONDS: i64 = 1_700_000_000;

/// A log in memory.
struct Log {
    key: SigningKey,
    tree: Tree,
}

impl Log {
    fn of(entries: &[u8]) -> Self {
        let mut tree = Tree::default();
        for entry in entries {
            tree.push(Digest::of(&[*entry])).unwrap();
        }
        let key = SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap();
        Self { key, tree }
    }

    fn note(&self) -> String {
        let checkpoint = Checkpoint {
            origin: self.key.name().to_owned(),
            size: self.tree.size(),
            root: self.tree.root().unwrap(),
        };
        String::from_utf8(checkpoint.sign(&self.key).unwrap()).unwrap()
    }

    fn proof(&self, old: u64) -> Vec<String> {
        if old == 0 || old == self.tree.size() {
            return Vec::new();
        }
        let proof = log::consistency(old, self.tree.size(), &self.tree).unwrap();
        let lines = proof.0.iter();
        lines
            .map(|hash| BASE64_STANDARD.encode(hash.as_bytes()))
            .collect()
    }

    fn body(&self, old: u64) -> Vec<u8> {
        body(old, &self.proof(old), &self.note())
    }
}

fn body(old: u64, proof: &[String], note: &str) -> Vec<u8> {
    let mut text = format!("old {old}\n");
    for line in proof {
        text.push_str(line);
        text.push('\n');
    }
    format!("{text}\n{note}").into_bytes()
}

/// A witness's directory.
struct Place {
    directory: TempDir,
    clock: Arc<FixedClock>,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            clock: Arc::new(FixedClock::at(Timestamp::from_micros(SECONDS * 1_000_000))),
        }
    }

    fn dir(&self) -> Dir {
        Dir::open_ambient_dir(self.directory.path(), ambient_authority()).unwrap()
    }

    fn try_witness(&self) -> Result<Witness, WitnessError> {
        let key = open_key(&self.dir(), Some("witness.example/one"))?;
        let log = Log::of(&[]).key.verifier().clone();
        Witness::open(&self.dir(), key, [log], self.clock.clone())
    }

    fn witness(&self) -> Witness {
        self.try_witness().unwrap()
    }

    fn evidence(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.directory.path().join("evidence")).unwrap();
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        texts.collect()
    }
}

fn status(outcome: Result<String, Refused>) -> u16 {
    outcome.map_or_else(|refused| refused.status(), |_| 200)
}

#[test]
fn a_growing_log_is_cosigned_step_by_step() {
    let place = Place::new();
    let witness = place.witness();
    for (old, size) in [(0, 0), (0, 3), (3, 3), (3, 4), (4, 9)] {
        let log = Log::of(&(0..size).collect::<Vec<_>>());
        let line = witness.add_checkpoint(&log.body(old)).unwrap();
        let made = cosignature::answered(&log.note(), &line, witness.public())
            .unwrap()
            .unwrap();
        assert_eq!(made.at_seconds, SECONDS.unsigned_abs());
        assert_eq!(witness.logs(), [(ORIGIN.to_owned(), u64::from(size))]);
    }
}

#[test]
fn statuses_are_those_of_the_protocol() {
    let place = Place::new();
    let witness = place.witness();
    let (five, nine) = (
        Log::of(&[0, 1, 2, 3, 4]),
        Log::of(&[0, 1, 2, 3, 4, 5, 6, 7, 8]),
    );
    assert_eq!(status(witness.add_checkpoint(&five.body(0))), 200);
    let of = |body: &[u8]| status(witness.add_checkpoint(body));
    // Not of the protocol.
    let lines = |count| vec![BASE64_STANDARD.encode([1; 32]); count];
    for wrong in [
        b"".to_vec(),
        b"old 5".to_vec(),
        b"old 05\n\n".to_vec(),
        b"old -1\n\n".to_vec(),
        body(5, &["AAAA".to_owned()], &nine.note()),
        body(5, &lines(64), &nine.note()),
        body(10, &[], &nine.note()),
        body(5, &nine.proof(5), "nonsense\n"),
        vec![b'a'; crate::REQUEST_BYTES_MAX + 1],
    ] {
        assert_eq!(of(&wrong), 400, "{}", String::from_utf8_lossy(&wrong));
    }
    // Another log, another key, and a signature that does not hold.
    let other = nine.note().replace(ORIGIN, "example.com/other");
    assert_eq!(of(&body(5, &nine.proof(5), &other)), 404);
    let mut foreign = Log::of(&[0, 1, 2, 3, 4, 5]);
    foreign.key = SigningKey::from_seed(ORIGIN, &[8; 32]).unwrap();
    assert_eq!(of(&foreign.body(5)), 403);
    assert_eq!(
        of(&body(
            5,
            &nine.proof(5),
            &nine.note().replace("\n9\n", "\n8\n")
        )),
        403
    );
    // Stale, and the size that is known.
    let stale = witness.add_checkpoint(&nine.body(3));
    assert!(matches!(stale, Err(Refused::Stale { known: 5 })));
    // A proof that proves nothing.
    assert_eq!(of(&body(5, &nine.proof(3), &nine.note())), 422);
    assert_eq!(of(&body(5, &[], &nine.note())), 422);
    assert_eq!(
        of(&body(5, &lines(1), &five.note())),
        422,
        "none is needed between equals"
    );
    assert_eq!(of(&nine.body(5)), 200);
}

#[test]
fn an_empty_log_has_the_root_of_nothing() {
    let place = Place::new();
    let witness = place.witness();
    let log = Log::of(&[]);
    let made_up = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 0,
        root: Digest::of(b"something"),
    };
    let note = String::from_utf8(made_up.sign(&log.key).unwrap()).unwrap();
    assert_eq!(status(witness.add_checkpoint(&body(0, &[], &note))), 422);
    assert_eq!(
        status(witness.add_checkpoint(&body(0, &[BASE64_STANDARD.encode([1; 32])], &log.note()))),
        422
    );
    assert_eq!(status(witness.add_checkpoint(&log.body(0))), 200);
}

#[test]
fn a_fork_is_refused_and_kept_as_evidence() {
    let place = Place::new();
    let witness = place.witness();
    let log = Log::of(&[0, 1, 2, 3]);
    assert_eq!(status(witness.add_checkpoint(&log.body(0))), 200);
    let fork = Log::of(&[0, 1, 9, 3]);
    let longer = Log::of(&[0, 1, 9, 3, 4]);
    for _twice in 0..2 {
        assert_eq!(status(witness.add_checkpoint(&fork.body(4))), 422);
        assert_eq!(status(witness.add_checkpoint(&longer.body(4))), 422);
    }
    let kept = place.evidence();
    assert_eq!(kept.len(), 2, "the same piece is kept once");
    assert!(kept.iter().all(|piece| piece.contains(&log.note())));
    assert!(kept.iter().any(|piece| piece.contains(&fork.note())));
    assert_eq!(
        witness.logs(),
        [(ORIGIN.to_owned(), 4)],
        "nothing was taken from it"
    );
}

#[test]
fn what_was_cosigned_is_known_after_a_restart_and_time_never_goes_back() {
    let place = Place::new();
    let log = Log::of(&[0, 1, 2]);
    place.witness().add_checkpoint(&log.body(0)).unwrap();
    place.clock.advance_seconds(-1000);
    let witness = place.witness();
    assert!(matches!(
        witness.add_checkpoint(&log.body(0)),
        Err(Refused::Stale { known: 3 })
    ));
    let line = witness.add_checkpoint(&log.body(3)).unwrap();
    let made = cosignature::answered(&log.note(), &line, witness.public())
        .unwrap()
        .unwrap();
    assert_eq!(made.at_seconds, SECONDS.unsigned_abs());
}

#[test]
fn monitors_get_the_newest_checkpoint_with_both_signatures() {
    let place = Place::new();
    let name = Digest::of(ORIGIN.as_bytes()).to_hex();
    let log = Log::of(&[0, 1, 2]);
    let witness = place.witness();
    assert_eq!(status(witness.checkpoint(&name)), 404, "none yet");
    witness.add_checkpoint(&log.body(0)).unwrap();
    drop(witness);
    let witness = place.witness();
    let note = witness.checkpoint(&name).unwrap();
    Checkpoint::open(note.as_bytes(), log.key.verifier()).unwrap();
    witness
        .public()
        .cosignature(note.as_bytes())
        .unwrap()
        .unwrap();
    assert_eq!(status(witness.checkpoint(&"0".repeat(64))), 404);
}

#[test]
fn signatures_of_others_are_not_kept() {
    let place = Place::new();
    let witness = place.witness();
    let log = Log::of(&[0, 1]);
    let other = CosigningKey::from_seed("witness.example/two", &[2; 32]).unwrap();
    let made = other.cosign(log.note().as_bytes(), 5).unwrap();
    let note = cosignature::merge(&log.note(), &made, other.public()).unwrap();
    witness.add_checkpoint(&body(0, &[], &note)).unwrap();
    let kept = witness
        .checkpoint(&Digest::of(ORIGIN.as_bytes()).to_hex())
        .unwrap();
    assert_eq!(other.public().cosignature(kept.as_bytes()).unwrap(), None);
}

#[test]
fn one_process_has_the_directory() {
    let place = Place::new();
    let first = place.witness();
    assert!(matches!(place.try_witness(), Err(WitnessError::InUse)));
    drop(first);
    place.witness();
}

#[test]
fn a_page_that_was_changed_is_refused() {
    let place = Place::new();
    place
        .witness()
        .add_checkpoint(&Log::of(&[0, 1]).body(0))
        .unwrap();
    let page = place
        .directory
        .path()
        .join("logs")
        .join(Digest::of(ORIGIN.as_bytes()).to_hex());
    for text in [
        "",
        "nonsense\n",
        "yunei-witness/v1 5\nexample.com/other\n0\n\n",
    ] {
        std::fs::write(&page, text).unwrap();
        assert!(
            matches!(place.try_witness(), Err(WitnessError::Corrupt { .. })),
            "{text}"
        );
    }
}

#[test]
fn keys_are_their_owners_alone_and_keep_their_name() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    assert!(matches!(
        open_key(&place.dir(), None),
        Err(WitnessError::Nameless)
    ));
    assert!(open_key(&place.dir(), Some("no name")).is_err());
    assert!(!place.directory.path().join(KEY_FILE).exists());
    let made = open_key(&place.dir(), Some("witness.example/one")).unwrap();
    let again = open_key(&place.dir(), None).unwrap();
    assert_eq!(made.public(), again.public());
    assert!(matches!(
        open_key(&place.dir(), Some("other")),
        Err(WitnessError::Named { .. })
    ));
    let file = place.directory.path().join(KEY_FILE);
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        open_key(&place.dir(), None),
        Err(WitnessError::Key { .. })
    ));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&file, [1; 32]).unwrap();
    assert!(
        matches!(open_key(&place.dir(), None), Err(WitnessError::Key { .. })),
        "another key"
    );
}
