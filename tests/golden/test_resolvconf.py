"""Each file of the collection is read as glibc, musl and Go were seen to read it."""

import base64
import gzip
import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from k8sresolve._core.files.resolv_conf import parse_statements

DATA = Path(__file__).with_name("resolvconf") / "cases.jsonl.gz"
INTERFACES = {"lo": 1, "eth0": 2}  # of the machine on which the resolvers were run
DEFAULTS = {"timeout": 5, "attempts": 2}  # resolv.conf(5); musl and Go have the same
DIALECTS = ("glibc", "musl", "go")

with gzip.open(DATA, "rt", encoding="utf-8") as lines:
    ROWS = [json.loads(line) for line in lines]


def recorded(row, dialect):
    """glibc is the later of the two that were recorded."""
    return row.get("glibc_2_41", row["glibc"]) if dialect == "glibc" else row[dialect]


def rooted(entry):
    return entry if entry.endswith(".") else entry + "."


def expected(row, dialect):
    seen = recorded(row, dialect)
    want = {
        "nameservers": [
            (ip_address(n["addr"].partition("%")[0]), n["port"], n.get("scope", 0)) for n in seen["nameservers"]
        ],
        "search": seen["search"],
        **{key: seen[key] for key in ("ndots", "timeout", "attempts")},
        "flags": set(seen.get("flags", ())),
    }
    if dialect == "glibc":
        want["stored"] = seen["nameservers_stored"]
    if dialect == "go":
        want["nameservers"] = [(address, port) for address, port, _ in want["nameservers"]]
        want["unknown"] = seen["unknown_opt"]
    return want


def data_of(row):
    """A file that does not open, and a directory, come to the parser as a missing one: reading is not its job."""
    return None if row.get("file") else base64.b64decode(row["text_b64"])


def measured(row, dialect):
    stated = parse_statements(data_of(row), env=row["env"], interfaces=INTERFACES, dialect=dialect)
    stored = len(stated.nameservers) or 1
    config = stated.configure(row["hostname"])
    got = {
        "nameservers": [(ip_address(n.address), n.port, n.scope) for n in config.nameservers],
        "search": list(config.search),
        "ndots": config.ndots,
        "timeout": DEFAULTS["timeout"] if config.timeout is None else config.timeout,
        "attempts": DEFAULTS["attempts"] if config.attempts is None else config.attempts,
        "flags": set(config.flags),
    }
    if dialect == "glibc":
        got["stored"] = stored
    if dialect == "go":
        # Go keeps the zone of an address as text and roots the list at once; here a scope is a number and entries stay
        # as written. `unknown_opt` only says that it met something unknown, which here is a remark.
        got["nameservers"] = [(address, port) for address, port, _ in got["nameservers"]]
        got["search"] = [rooted(entry) for entry in config.search]
        got["unknown"] = any("is unknown to go" in remark.problem for remark in config.diagnostics)
    return got


def has_a_fault(row, dialect):
    """The resolver itself hung, died or would not start on this file: nothing to agree with."""
    return bool({"hang", "crash", "error"} & set(recorded(row, dialect)))


@pytest.mark.behaviour("L9")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_reads_as_the_resolver_does(dialect):
    rows = [row for row in ROWS if not has_a_fault(row, dialect)]
    unlike = {
        row["id"]: (measured(row, dialect), expected(row, dialect))
        for row in rows
        if measured(row, dialect) != expected(row, dialect)
    }
    assert not unlike, f"{len(unlike)} of {len(rows)} rows differ, such as {dict(list(unlike.items())[:5])}"


def test_nearly_all_rows_are_compared():
    """In seven rows glibc hangs and in one it does not start; musl does not start in one."""
    compared = {dialect: sum(not has_a_fault(row, dialect) for row in ROWS) for dialect in DIALECTS}
    assert compared == {"glibc": 645, "musl": 652, "go": 653}


HANGS = [row for row in ROWS if "hang" in recorded(row, "glibc")]


@pytest.mark.parametrize("row", HANGS, ids=lambda row: row["id"])
def test_sortlist_on_which_glibc_hangs_changes_nothing(row):
    lines = data_of(row).split(b"\n")
    kept = [line for line in lines if not line.startswith((b"sortlist ", b"sortlist\t"))]
    assert len(kept) < len(lines)
    without = {**row, "text_b64": base64.b64encode(b"\n".join(kept)).decode()}
    assert measured(row, "glibc") == measured(without, "glibc")
