import random

from tests.bench.faults import HELD, JUNK, Bad, Faults

QUESTION = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\1"
REPLY = b"\x12\x34\x85\x80" + QUESTION[4:]


def ways(faults, data=REPLY, count=20_000, seed=5):
    bad = Bad(faults, seed)
    return [bad.way(data) for _ in range(count)]


def test_without_faults_a_datagram_passes_as_it_is_at_once():
    assert ways(Faults(), count=1) == [[(0.0, REPLY)]]


def test_each_chance_is_that_of_a_datagram():
    assert 900 < sum(not out for out in ways(Faults(loss=0.05))) < 1100
    assert 17_700 < sum(len(out) == 2 for out in ways(Faults(duplicates=0.9))) < 18_300
    assert 3_700 < sum(out[0][0] == HELD for out in ways(Faults(reordering=0.2))) < 4_300


def test_a_delay_is_the_least_and_jitter_comes_on_top():
    delays = [out[0][0] for out in ways(Faults(delay=0.02, jitter=0.05))]
    assert 0.02 <= min(delays) < 0.021
    assert 0.069 < max(delays) <= 0.07


def test_junk_comes_beside_replies_and_is_none_to_their_question():
    faults = Faults(junk=1.0)
    assert ways(faults, QUESTION, count=1) == [[(0.0, QUESTION)]]
    for junk, real in ways(faults, count=100):
        assert real == (0.0, REPLY)
        assert junk[1][:2] != REPLY[:2] or junk[1][2:] != REPLY[2:]
        assert len(junk[1]) <= len(REPLY)
    assert len({kind(REPLY, random.Random(1)) for kind in JUNK}) == len(JUNK)


def test_a_seed_repeats_and_another_does_not():
    faults = Faults(loss=0.5, jitter=0.05, junk=0.5)
    assert ways(faults, count=50, seed=1) == ways(faults, count=50, seed=1)
    assert ways(faults, count=50, seed=1) != ways(faults, count=50, seed=2)
