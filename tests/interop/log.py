"""Looks at a transparency log with `aics-tlog`, an implementation of the C2SP formats by others.

    log.py audit DIR KEY [WITNESS_KEY ...]      checkpoint, every tile and bundle, proofs of inclusion and consistency
    log.py note FILE KEY                        a checkpoint alone
    log.py receipt FILE KEY [WITNESS_KEY ...]   a receipt: the proof of an entry, and of a call under it if it has one
    log.py consistency PROOF OLD NEW KEY        a proof of consistency between two checkpoints
    log.py make DIR COUNT                       makes a log of its own, and prints its key

Of the witnesses whose keys are given each must have cosigned the checkpoint, or as many of them as `--needed=N` says.
Prints one line of JSON; ends with status 1 when something does not hold.
"""

import base64
import json
import sys
from importlib.metadata import version
from pathlib import Path

from aics_tlog import (
    Checkpoint,
    FileSystemTileReader,
    MerkleTree,
    audit_tiles,
    consistency_proof_from_tiles,
    format_vkey,
    inclusion_proof_from_tiles,
    leaf_hash,
    parse_note,
    parse_vkey,
    read_entry,
    sign_checkpoint,
    tree_root_from_tiles,
    verify_checkpoint,
    verify_consistency,
    verify_inclusion,
    vkey_from_ed25519,
)
from aics_tlog.tiles import TileWriter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def opened(note, key, witnesses=()):
    needed = [argument for argument in witnesses if argument.startswith("--needed=")]
    keys = [parse_vkey(witness) for witness in witnesses if witness not in needed]
    quorum = int(needed[0].removeprefix("--needed=")) if needed else len(keys)
    result = verify_checkpoint(parse_note(note), parse_vkey(key), keys, quorum)
    assert result.ok, result.error
    return result


def audit(directory, key, *witnesses):
    reader = FileSystemTileReader(directory)
    head = opened((Path(directory) / "checkpoint").read_bytes(), key, witnesses)
    report = audit_tiles(reader, head.size, head.root, entries=True)
    for index in range(head.size):
        leaf = leaf_hash(read_entry(reader, index, head.size))
        proof = inclusion_proof_from_tiles(reader, index, head.size)
        assert verify_inclusion(leaf, index, head.size, proof, head.root), index
    for size in range(1, head.size + 1):
        root = tree_root_from_tiles(reader, size, head.size)
        proof = consistency_proof_from_tiles(reader, size, head.size)
        assert verify_consistency(size, head.size, root, head.root, proof), size
    return {"size": head.size, "tiles": report.tiles, "bundles": report.bundles, "witnesses": head.witnesses}


def note(file, key):
    return {"size": opened(Path(file).read_bytes(), key).size}


def receipt(file, key, *witnesses):
    text = Path(file).read_text()
    proof, note = text.split("\n\n", 1)
    heading, extra, index, *hashes = proof.split("\n")
    assert heading == "c2sp.org/tlog-proof@v1", heading
    index = int(index.removeprefix("index "))
    head = opened(note.encode(), key, witnesses)
    lines = base64.b64decode(extra.removeprefix("extra "), validate=True).split(b"\n")
    hashes = [base64.b64decode(line, validate=True) for line in hashes]
    assert verify_inclusion(leaf_hash(lines[0]), index, head.size, hashes, head.root), "entry"
    entry = json.loads(lines[0])
    told = {"index": index, "size": head.size, "kind": entry["kind"], "witnesses": head.witnesses}
    if len(lines) > 1:
        call, calls = json.loads(lines[1]), int(lines[2].removeprefix(b"calls "))
        root = bytes.fromhex(entry["facts"]["trace_root"].removeprefix("sha256:"))
        hashes = [base64.b64decode(line, validate=True) for line in lines[3:]]
        assert calls == int(entry["facts"]["calls"]), "calls"
        assert verify_inclusion(leaf_hash(lines[1]), call["index"], calls, hashes, root), "call"
        told["call"] = call
    return told


def consistency(proof, old, new, key):
    hashes = [bytes.fromhex(text.removeprefix("sha256:")) for text in json.loads(Path(proof).read_text())["proof"]]
    old, new = (opened(Path(note).read_bytes(), key) for note in (old, new))
    assert verify_consistency(old.size, new.size, old.root, new.root, hashes)
    return {"from": old.size, "to": new.size}


def make(directory, count):
    # The same entry may stand twice in a log of others.
    leaves = [b"foreign entry %d" % (number // 2) for number in range(int(count))]
    TileWriter(leaves).write_to(directory)
    secret = Ed25519PrivateKey.generate()
    origin = "foreign.example/log"
    note = sign_checkpoint(Checkpoint(origin, len(leaves), MerkleTree(leaves).root()), secret, origin)
    (Path(directory) / "checkpoint").write_bytes(note.to_bytes())
    return {"key": format_vkey(vkey_from_ed25519(origin, secret.public_key()))}


def main():
    command, *arguments = sys.argv[1:]
    commands = {"audit": audit, "note": note, "receipt": receipt, "consistency": consistency, "make": make}
    try:
        print(json.dumps({"holds": True, "tool": f"aics-tlog {version('aics-tlog')}", **commands[command](*arguments)}))
    except Exception as error:  # whatever it is, it does not hold
        print(json.dumps({"holds": False, "error": f"{type(error).__name__}: {error}"}))
        sys.exit(1)


main()
