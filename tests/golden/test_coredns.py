"""Answers recorded from CoreDNS 1.14.7 and 1.15.0: every world and every set of options, row by row.

1.15.0 gives all rows of 1.14.7 but those of `coredns-1.15.0/rows.json`.

Sections are multisets, as CoreDNS walks several slices of a Service in random order. A row with TC is compared by rcode
and TC alone (what is cut depends on that order), a row with `cut` by the number of records.
"""

import collections
import functools
import gzip
import json
import pathlib

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
import yaml

from k8sresolve.testing import Cluster, KubernetesOptions
from k8sresolve.testing.versions import COREDNS_VERSIONS

DATA = pathlib.Path(__file__).parent / "coredns"
OPTIONS = json.loads((DATA / "options.json").read_text())
COREFILES = sorted(OPTIONS["corefiles"])
FLAGS = {"AA": dns.flags.AA, "TC": dns.flags.TC, "RA": dns.flags.RA, "AD": dns.flags.AD}
SECTIONS = ("answer", "authority", "additional")


def read(name):
    with gzip.open(DATA / name, "rt") as lines:
        return [json.loads(line) for line in lines]


@functools.cache
def shop():
    return list(yaml.load_all((DATA / "shop.yaml").read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def newer():
    """The rows that 1.15.0 answers otherwise."""
    rows = json.loads((DATA.parent / "coredns-1.15.0" / "rows.json").read_text())
    return {(row["world"], row["q"], row["t"], row["via"]): row["1.15.0"] for row in rows}


def as_of(version, world, rows):
    """Give the rows of a world as a version answered them."""
    changed = newer() if version == "1.15.0" else {}
    return [{**row, **changed.get((world, row["q"], row["t"], row["via"]), {})} for row in rows]


def make_cluster(objects, corefile, version="1.14.7"):
    return Cluster.from_objects(
        objects,
        built_ins=False,
        coredns=version,
        options=KubernetesOptions(**OPTIONS["corefiles"][corefile]),
        upstream_authoritative=True,
        upstream={zone: (DATA / file).read_text() for zone, file in OPTIONS["upstream"].items()},
        server_addresses=OPTIONS["server"]["addresses"],
    )


@functools.lru_cache(maxsize=8192)
def read_wire(wire):
    """Read a reply. Versions, and UDP and TCP, mostly give the same octets."""
    reply = dns.message.from_wire(wire, one_rr_per_rrset=True)  # duplicates would show
    return reply, as_row(reply)


def ask(cluster, row):
    payload = None if row["via"] == "udp512" else 1232
    query = dns.message.make_query(row["q"], row["t"], use_edns=payload is not None, payload=payload, id=0x2A2A)
    wire = cluster.respond(query.to_wire(), tcp=row["via"] == "tcp")
    assert wire is not None, "no reply"
    reply, answered = read_wire(wire)
    assert (reply.id, reply.question) == (query.id, query.question)
    assert reply.question[0].name.to_text() == query.question[0].name.to_text()
    assert (reply.edns >= 0) == (payload is not None)
    assert len(wire) <= {"udp1232": 1232, "udp512": 512, "tcp": 65535}[row["via"]]
    return answered


def line(owner, ttl, rdtype, rdata):
    words = rdata.split()
    if rdtype == "SOA":  # the serial is a time stamp
        words[2] = "0"
    return f"{owner} {ttl} {rdtype} {' '.join(words)}"


def as_row(reply):
    sections = {
        name: [
            line(rrset.name.to_text(), rrset.ttl, dns.rdatatype.to_text(rrset.rdtype), rdata.to_text())
            for rrset in section
            for rdata in rrset
        ]
        for name, section in zip(SECTIONS, (reply.answer, reply.authority, reply.additional), strict=True)
    }
    flags = [name for name, bit in FLAGS.items() if reply.flags & bit]
    return {"rcode": dns.rcode.to_text(reply.rcode()), "flags": flags, **sections}


def comparable(row):
    """Say what of a row counts."""
    if "TC" in row["flags"]:
        return {"rcode": row["rcode"], "TC": True}
    shown = {"rcode": row["rcode"], "flags": sorted(row["flags"])}
    if row.get("cut"):
        return shown | {"count": row["count"]}
    return shown | {name: collections.Counter(row[name]) for name in SECTIONS}


def differs(cluster, row):
    """Say how the cluster's answer differs from the row; None if it does not."""
    try:
        got = ask(cluster, row)
    except AssertionError as problem:
        return f"{row['q']} {row['t']} {row['via']}: {problem}"
    if row.get("cut"):
        got = got | {"cut": True, "count": {name: len(got[name]) for name in row["count"]}}
    if comparable(got) == comparable(row):
        return None
    return f"{row['q']} {row['t']} {row['via']}\n  want {comparable(row)}\n  got  {comparable(got)}"


def check(worlds):
    """Ask each version for each row of the worlds: its objects, Corefile, name and rows."""
    asked = 0
    wrong = []
    for objects, corefile, name, rows in worlds:
        asked += len(rows)
        for version in COREDNS_VERSIONS:
            cluster = make_cluster(objects, corefile, version)
            differences = [differs(cluster, row) for row in as_of(version, name, rows)]
            wrong += [f"{version}: {difference}" for difference in differences if difference]
    assert asked > 1000
    assert not wrong, f"{len(wrong)} of {asked} rows differ:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("corefile", COREFILES)
def test_the_shop_is_answered_as_each_version_answered_it(corefile):
    check([(shop(), corefile, f"shop-{corefile}", read(f"shop-{corefile}.jsonl.gz"))])


@pytest.mark.parametrize("corefile", ["kubeadm", "verified", "zonal"])
def test_random_worlds_are_answered_as_each_version_answered_them(corefile):
    check(
        (world["objects"], corefile, f"fuzz-{corefile} {world['seed']}", world["questions"])
        for world in read(f"fuzz-{corefile}.jsonl.gz")
    )


def test_what_the_newer_version_answers_otherwise_is_among_the_rows():
    files = {"shop": [(f"shop-{name}", read(f"shop-{name}.jsonl.gz")) for name in COREFILES]}
    worlds = [(f"fuzz-verified {world['seed']}", world["questions"]) for world in read("fuzz-verified.jsonl.gz")]
    found = [
        row
        for world, rows in [*files["shop"], *worlds]
        for row, other in zip(rows, as_of("1.15.0", world, rows), strict=True)
        if row != other
    ]
    assert len(found) == len(newer()) == 9


def test_manifests_and_objects_give_the_same_cluster():
    rows = [row for row in read("shop-kubeadm.jsonl.gz") if row["via"] == "udp1232"][::20]
    of_objects = make_cluster(shop(), "kubeadm")
    of_files = Cluster.from_manifests(
        DATA / "shop.yaml",
        built_ins=False,
        upstream={"example.com": (DATA / "example.com.db").read_text()},
        upstream_authoritative=True,
    )
    for row in rows:
        assert ask(of_files, row) == ask(of_objects, row)
