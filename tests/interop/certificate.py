"""Looks at a certificate without any code of ours: the standard library, and `cryptography` for Ed25519 alone.

    certificate.py verify FILE KEY [TABLE]      form, signature, table, and the receipt's entry if there is one
    certificate.py opening FILE KEY OPENING     the leaves of an opening under the certificate's root

What is done here is told in host/ledger/CERTIFICATES.md. Prints one line of JSON; ends with status 1 when something does not hold.
"""

import base64
import csv
import hashlib
import json
import sys
from decimal import Decimal
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(data):
    return hashlib.sha256(data).digest()


def named(digest):
    return "sha256:" + digest.hex()


def canonical(value):
    """RFC 8785 of what has no number with a fraction: names of members here are ASCII, so their order is that of Python."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def opened(note, vkey):
    """The text of a signed note whose Ed25519 signature by `vkey` holds."""
    name, key_id, key = vkey.strip().split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert key[0] == 1 and sha256(name.encode() + b"\n" + key)[:4].hex() == key_id, "no verifier key"
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    found = 0
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        assert dash == "—", line
        signature = base64.b64decode(signature, validate=True)
        if signer == name and signature[:4].hex() == key_id:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
            found += 1
    assert found == 1, "not signed by the key"
    return name, text


def node(left, right):
    return sha256(b"\x01" + left + right)


def root_of(leaf, index, size, proof):
    """The root that an inclusion proof gives (RFC 9162, section 2.1.3.2)."""
    assert 0 <= index < size, "index"
    first, last, hash_ = index, size - 1, sha256(b"\x00" + leaf)
    for step in proof:
        assert last > 0, "proof too long"
        if first & 1 or first == last:
            hash_ = node(step, hash_)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            hash_ = node(hash_, step)
        first, last = first >> 1, last >> 1
    assert last == 0, "proof too short"
    return hash_


def text_of(value):
    """A value of a table in JSON as the text that it is in comma-separated values."""
    if value is None:
        return ""
    if isinstance(value, str):
        formula = value[:1] in ("=", "+", "-", "@", "\t", "\r") and value != ""
        return "'" + value if formula and not is_number(value) else value
    if isinstance(value, int):
        return str(value)
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text and text == text.strip()


def rows_of(path):
    data = Path(path).read_bytes()
    if data.startswith(b"{"):
        table = json.loads(data)
        assert table.keys() == {"columns", "rows"}, "more than a table"
        assert all(column.keys() == {"name", "title"} for column in table["columns"]), "more than columns"
        headings = [(column["name"], text_of(column["title"])) for column in table["columns"]]
        return headings, [[text_of(cell) for cell in row] for row in table["rows"]]
    lines = data.decode("utf-8-sig").splitlines(keepends=True)
    headings, *rows = list(csv.reader(lines, strict=True))
    return [(heading,) for heading in headings], rows


def certificate_of(path, key):
    file = Path(path).read_text(encoding="utf-8")
    note, mark, proof = file.partition("c2sp.org/tlog-proof@v1\n")
    origin, text = opened(note, key)
    heading, line, rest = text.split("\n")
    assert heading == "yunei certificate v1" and rest == "", "heading"
    certificate = json.loads(line)
    assert canonical(certificate) == line.encode(), "not canonical"
    assert certificate["format"] == 1 and certificate["log"] == origin, "format or log"
    return certificate, named(sha256(text.encode())), mark + proof


def verify(path, key, table=None):
    certificate, digest, receipt = certificate_of(path, key)
    told = {"digest": digest, "release": certificate["release"]}
    if table:
        headings, rows = rows_of(table)
        columns = certificate["table"]["columns"]
        assert len(headings) == len(columns), "columns"
        for both, column in zip(headings, columns):
            title = column.get("title", {})
            for heading in both:
                assert heading in (column["name"], *map(text_of, title.values())), heading
        lines = b"".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for row in rows)
        assert len(rows) == certificate["table"]["rows"], "rows"
        assert named(sha256(lines)) == certificate["table"]["digest"], "table"
        told["rows"] = len(rows)
    if receipt:
        proof, checkpoint = receipt.split("\n\n", 1)
        _heading, extra, index, *hashes = proof.split("\n")
        _name, head = opened(checkpoint, key)
        _origin, size, root, *_rest = head.split("\n")
        entry = base64.b64decode(extra.removeprefix("extra "), validate=True)
        index = int(index.removeprefix("index "))
        hashes = [base64.b64decode(line, validate=True) for line in hashes]
        assert root_of(entry, index, int(size), hashes) == base64.b64decode(root), "inclusion"
        entry = json.loads(entry)
        assert entry["kind"] in ("run-released", "certificates-gathered"), entry["kind"]
        assert digest in entry["facts"]["certificates"], "named"
        told |= {"index": index, "kind": entry["kind"]}
    return told


def opening(path, key, file):
    certificate, digest, _receipt = certificate_of(path, key)
    opening = json.loads(Path(file).read_text(encoding="utf-8"))
    assert opening["certificate"] == digest and opening["release"] == certificate["release"], "of another certificate"
    commitments = certificate["commitments"]
    for leaf in opening["leaves"]:
        proof = [bytes.fromhex(hash_.removeprefix("sha256:")) for hash_ in leaf["proof"]]
        root = root_of(leaf["content"].encode(), leaf["index"], commitments["count"], proof)
        assert named(root) == commitments["root"], leaf["index"]
        assert len(json.loads(leaf["content"])["salt"]) == 64, "salt"
    return {"leaves": len(opening["leaves"]), "of": commitments["count"]}


def main():
    command, *arguments = sys.argv[1:]
    commands = {"verify": verify, "opening": opening}
    try:
        print(json.dumps({"holds": True, **commands[command](*arguments)}))
    except Exception as error:  # whatever it is, it does not hold
        print(json.dumps({"holds": False, "error": f"{type(error).__name__}: {error}"}))
        sys.exit(1)


main()
