"""Checks what lies in the data folders: digests, catalogue entry against data, bandings that nest and take every value."""

import csv
import datetime
import decimal
import hashlib
import io
import re
import tomllib

import pyarrow.parquet as pq

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
TYPES = {
    "boolean": "bool",
    "int32": "int32",
    "int64": "int64",
    "float64": "double",
    "decimal": "decimal128(38, 4)",
    "text": "string",
    "date": "date32[day]",
    "timestamp": "timestamp[us]",
}
PARSERS = {
    "boolean": {"true": True, "false": False}.__getitem__,
    "int32": int,
    "int64": int,
    "float64": float,
    "decimal": decimal.Decimal,
    "text": str,
    "date": datetime.date.fromisoformat,
    "timestamp": datetime.datetime.fromisoformat,
}
ZONE = datetime.timezone(datetime.timedelta(hours=8))


def label(banding, value):
    """The label that a banding gives a value; `None` stands for the rest."""
    kind = banding["kind"]
    if value is None:
        return None
    if kind in ("calendar", "days"):
        return calendar_label(banding, value)
    if kind == "ranges":
        edges = banding["edges"]
        return next((low for low, high in zip(edges, edges[1:]) if low <= float(value) < high), None)
    text = str(value)
    if kind == "values":
        return text if text in banding["values"] else None
    return next((group["label"] for group in banding["groups"] if text in group["values"]), None)


def calendar_label(banding, value):
    """The label of a date or timestamp, in the zone of Shanghai."""
    if isinstance(value, datetime.datetime):
        value = value.astimezone(ZONE) if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc).astimezone(ZONE)
        if banding.get("unit") == "hour-of-day":
            return value.hour
        value = value.date()
    if banding["kind"] == "days":
        offset = (value - datetime.date.fromisoformat(banding["from"])).days
        return offset if 0 <= offset < banding["days"] else None
    return value.isoweekday() if banding["unit"] == "day-of-week" else value.month


def columns(folder, fields):
    """Columns by name from the folder's Parquet file, or from all its CSV files."""
    parquet = folder / "data.parquet"
    if parquet.exists():
        table = pq.read_table(parquet)
        wanted = [(f["name"], TYPES[f["type"]], f.get("nullable", False)) for f in fields]
        found = [(f.name, str(f.type), f.nullable) for f in table.schema]
        if wanted != found:
            raise ValueError(f"{folder.name}: columns {set(wanted) ^ set(found)} differ from the catalogue entry")
        return {name: column.to_pylist() for name, column in zip(table.column_names, table.columns)}
    result = {f["name"]: [] for f in fields}
    for path in sorted(folder.glob("*.csv")):
        reader = csv.DictReader(io.StringIO(path.read_bytes().decode("gb18030"), newline=""))
        if reader.fieldnames != list(result):
            raise ValueError(f"{path.name}: header differs from the catalogue entry")
        for row in reader:
            for f in fields:
                cell = row[f["name"]]
                result[f["name"]].append(None if cell == "" and f.get("nullable") else PARSERS[f["type"]](cell))
    return result


def check_bandings(field, distinct):
    """Faults of one field's bandings over its distinct values, and notes on values that no label takes."""
    bandings = {b["name"]: b for b in field.get("banding", [])}
    for name, banding in bandings.items():
        where = f"{field['name']}.{name}"
        listed = banding.get("values") or [v for g in banding.get("groups", []) for v in g["values"]]
        if len(set(listed)) != len(listed):
            yield f"fault: {where} lists a value twice"
        rest = sorted(str(v) for v in distinct if v is not None and label(banding, v) is None)
        if rest:
            yield f"note: {where} leaves to `other`: {', '.join(rest[:5])}"
        coarser = banding.get("within")
        if coarser is None:
            continue
        if coarser not in bandings:
            yield f"fault: {where} is within `{coarser}`, which is not there"
            continue
        seen = {}
        for value in [*distinct, *listed]:
            fine, coarse = label(banding, value), label(bandings[coarser], value)
            if seen.setdefault(fine, coarse) != coarse:
                yield f"fault: {where} does not nest in `{coarser}` at `{value}`"


def check_folder(folder):
    """Faults and notes of one data set."""
    entry = tomllib.loads((folder / "resource.toml").read_text(encoding="utf-8"))
    fields = entry["field"]
    if entry["name"] != folder.name:
        yield "fault: the name is not the folder's"
    data = columns(folder, fields)
    bandings = {(f["name"], b["name"]) for f in fields for b in f.get("banding", [])}
    for frame in entry.get("frame", []):
        for axis in frame["axes"]:
            if tuple(axis) not in bandings:
                yield f"fault: frame {frame['name']} has no axis {axis}"
    for field in fields:
        if not NAME.fullmatch(field["name"]):
            yield f"fault: `{field['name']}` is no name"
        yield from check_bandings(field, set(data[field["name"]]))
    subject = entry.get("subject")
    rows = len(data[fields[0]["name"]])
    yield f"{rows:,} rows, {len(set(data[subject])) if subject else 0:,} subjects"


def check(here, names, sums):
    """Checks every data set and prints what it finds; returns the exit status."""
    status = 0
    for path, expected in sums.items():
        if hashlib.sha256((here / path).read_bytes()).hexdigest() != expected:
            print(f"fault: {path} is not what SHA256SUMS says")
            status = 1
    for name in names:
        for finding in check_folder(here / name):
            print(f"{name}: {finding}")
            status |= finding.startswith("fault")
    return int(status)
