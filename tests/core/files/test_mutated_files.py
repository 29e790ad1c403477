"""Any bytes as resolv.conf: a configuration with diagnostics, nothing else.

K8SRESOLVE_MUTATED says how many files are tried (CI: 20,000), K8SRESOLVE_SEED makes a run again.
"""

import base64
import gzip
import json
import os
import random
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from k8sresolve._core.files.dialects import DIALECTS
from k8sresolve._core.files.lint import lint_resolv_conf
from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve.config import ResolverConfig

COUNT = int(os.environ.get("K8SRESOLVE_MUTATED") or (20_000 if os.environ.get("CI") == "true" else 500))
SEED = int(os.environ.get("K8SRESOLVE_SEED") or random.SystemRandom().randrange(1 << 32))

with gzip.open(Path(__file__).parents[2] / "golden/resolvconf/cases.jsonl.gz", "rt", encoding="utf-8") as lines:
    FILES = [base64.b64decode(row["text_b64"]) for row in map(json.loads, lines) if not row.get("file")]
FILES = [data for data in FILES if len(data) < 2000]

WORDS = (
    b"nameserver |search |domain |options |sortlist | |\t|\n|\r\n|\r|\0|#|;|ndots:|timeout:|attempts:|-|rotate|no-aaaa|"
    b"single-request-reopen|trust-ad|0x|%eth0|%2|::|127.1|10.0.0.1|fe80::1|[fd00::a]:53|.|..|a.test|com.svc.c.local|"
    b"svc.cluster.local|shop.svc.cluster.local|cluster.local|99999999999999999999|-1|2147483648|\xff|\xc3\xa9|\x0b|\x0c|"
    b"\xef\xbb\xbf|/|&|10.0.0.0/8"
).split(b"|")
LIMITS = {"glibc": (30, 5), "musl": (60, 10), "go": (0xFFFFFF, 0xFFFFFF)}


def _place(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.randint(0, 30))


def _flip(rng: random.Random, data: bytes) -> bytes:
    at, _ = _place(rng, data)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _insert(rng: random.Random, data: bytes) -> bytes:
    at, _ = _place(rng, data)
    return data[:at] + rng.choice(WORDS) + data[at:]


def _scatter(rng: random.Random, data: bytes) -> bytes:
    at, _ = _place(rng, data)
    return data[:at] + rng.randbytes(rng.randint(1, 20)) + data[at:]


def _cut(rng: random.Random, data: bytes) -> bytes:
    start, end = _place(rng, data)
    return data[:start] + data[end:]


def _repeat(rng: random.Random, data: bytes) -> bytes:
    start, end = _place(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 10, 40)) + data[end:]


def _splice(rng: random.Random, data: bytes) -> bytes:
    other = rng.choice(FILES)
    return data[: _place(rng, data)[0]] + other[_place(rng, other)[0] :]


def _end(rng: random.Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\0\n", b"\n\n", b" \n", b"")))


CHANGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flip, _flip, _insert, _insert, _insert, _scatter, _cut, _repeat, _splice, _end,
)  # fmt: skip


def mutated(rng: random.Random) -> bytes:
    data = rng.choice(FILES)
    for _ in range(rng.randint(1, 8)):
        data = rng.choice(CHANGES)(rng, data)
    return data


def check(config: ResolverConfig, data: bytes, dialect: str) -> None:
    assert 1 <= len(config.nameservers) <= 3
    for nameserver in config.nameservers:
        assert str(ip_address(nameserver.address)) == nameserver.address
        assert (nameserver.port, 0 <= nameserver.scope < 1 << 32) == (53, True)
    assert 0 <= config.ndots <= 15
    assert (config.timeout or 0) <= LIMITS[dialect][0]
    assert (config.attempts or 0) <= LIMITS[dialect][1]
    assert all(isinstance(entry, str) for entry in config.search)
    assert len(config.diagnostics) <= 200
    check_remarks(config.diagnostics, data)


def check_remarks(remarks: tuple[object, ...], data: bytes) -> None:
    lines = data.count(b"\n") + 1
    for remark in remarks:
        assert remark.severity in ("error", "warning", "remark")
        assert remark.problem
        assert remark.advice
        assert str(remark).isprintable()
        assert remark.line is None or 1 <= remark.line <= lines


@pytest.mark.timeout(0)
def test_any_bytes_give_a_configuration_with_diagnostics():
    rng = random.Random(SEED)
    for number in range(COUNT):
        data = mutated(rng)
        try:
            for dialect in DIALECTS:
                check(parse_resolv_conf(data, interfaces={"eth0": 2}, dialect=dialect), data, dialect)
            if number % 10 == 0:
                check_remarks(lint_resolv_conf(data, interfaces={"eth0": 2}), data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the file and the seed are told
            pytest.fail(f"file {number} of seed {SEED}, {data!r}: {error!r}")
