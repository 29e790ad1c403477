"""The order in which glibc 2.36 and musl 1.2.3 gave addresses of /etc/hosts, against ours."""

import gzip
import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from k8sresolve._core.ordering import GLIBC, MUSL

with gzip.open(Path(__file__).parent / "order/order.jsonl.gz", "rt") as file:
    ROWS = [json.loads(line) for line in file]


def test_there_are_rows():
    assert len(ROWS) == 360
    assert len({tuple(row["own"]) for row in ROWS}) == 9


@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_the_order_is_the_librarys(libc):
    selection = {"glibc": GLIBC, "musl": MUSL}[libc]
    wrong = []
    for row in ROWS:
        hosts, expected = (list(map(ip_address, row[key])) for key in ("hosts", libc))
        keys = selection.keys(hosts, map(ip_address, row["own"]))
        ours = [host for _, host in sorted(zip(keys, hosts, strict=True), key=lambda pair: pair[0])]
        if libc == "musl" and all(host.version == 4 for host in hosts):
            ours = hosts  # lookup_name.c: without an IPv6 address nothing is sorted
        if ours != expected:
            wrong.append(f"from {row['own']}: {[*map(str, ours)]}, not {row[libc]}")
    assert not wrong, f"{len(wrong)} of {len(ROWS)} differ, the first:\n" + "\n".join(wrong[:5])
