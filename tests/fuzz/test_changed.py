"""Changed packets and files through all that reads them: a hundredth of the long run, `python -m tests.fuzz`.

K8SRESOLVE_SEED makes another run.
"""

import itertools
import os
import random

import pytest

from k8sresolve import Error
from tests.fuzz import clients, files, streams
from tests.fuzz.goldens import goldens
from tests.fuzz.running import CLIENT_EVERY, Fuzzer
from tests.fuzz.zoo import zoo

PACKETS = 10_000
SEED = int(os.environ.get("K8SRESOLVE_SEED") or 1)


@pytest.mark.timeout(600)
def test_nothing_hangs_leaks_or_raises_what_is_no_error_of_ours():
    fuzzer = Fuzzer(SEED)
    for number in range(PACKETS):
        try:
            fuzzer.try_packet(number)
        except Exception as problem:
            raise AssertionError(f"python -m tests.fuzz --seed {SEED} --first {number} --packets 1") from problem
    for word in ("read", "damaged", "no reply", "handed over, read", "handed over, damaged"):
        assert fuzzer.seen[word] > PACKETS // 50, fuzzer.summary()
    assert fuzzer.seen["lookups"] == PACKETS // CLIENT_EVERY


@pytest.mark.parametrize("kind", files.KINDS)
def test_files_as_they_are_written_are_read(kind):
    originals, _ = files.KINDS[kind]
    assert all(files.check_file(kind, data) for data in originals)


@pytest.mark.parametrize("kind", ["manifests in YAML", "manifests in JSON", "Corefiles"])
def test_changed_files_are_read_or_refused(kind):
    rng = random.Random(f"{SEED} {kind}")
    seen = {files.check_file(kind, files.draw(rng, kind)) for _ in range(300)}
    assert seen == {True, False}


def test_a_frame_is_put_together_wherever_it_was_cut():
    """X4, X6, X7, T8: every cut of recorded answers, and of what is no message."""
    for packet in itertools.islice(goldens(200), 20):
        assert streams.check_cuts(packet.message) == len(packet.message) + 3
    for length in range(14):
        streams.check_cuts(b"\x2a\x2a" + bytes(12)[: max(0, length - 2)])
    assert streams.read([b"\0\x0c\x2a\x2a" + bytes(10)]) == b"\x2a\x2a" + bytes(10)
    assert streams.read([b"\0\x0b\x2a\x2a" + bytes(10)]) is None
    assert streams.read([b"\0\x0c\x2a\x2b" + bytes(10)]) is None


def test_an_answer_that_ends_anywhere_over_tcp_is_an_answer_or_an_error():
    """Every cut of a message whose frame is whole."""
    whole = next(packet for packet in goldens() if packet.question.rdtype == 33 and len(packet.message) > 400)
    outcomes = [
        clients.check_client(whole, whole._replace(message=whole.message[:length]), "over TCP")
        for length in range(len(whole.message) + 1)
    ]
    assert not isinstance(outcomes[-1], type)
    assert all(isinstance(outcome, type) and issubclass(outcome, Error) for outcome in outcomes[:-1])


@pytest.mark.parametrize("manner", clients.MANNERS)
def test_a_lookup_meets_each_class_of_the_zoo_and_ends(manner):
    """One packet of each class, as it is, beside a right one."""
    whole = {packet.kind: packet for packet in zoo()}
    for packet in whole.values():
        clients.check_client(packet, packet, manner)
