"""A run: changed packets and files by number, through all that reads them."""

import random
from collections import Counter

from k8sresolve._core.wire import fallback
from k8sresolve._core.wire.names import Malformed
from k8sresolve._core.wire.reply import Odd, read_plain_reply
from k8sresolve._core.wire.rules import Reply
from tests.fuzz import clients, files, streams
from tests.fuzz.goldens import goldens
from tests.fuzz.packets import Packet, Pool
from tests.fuzz.zoo import zoo

CLIENT_EVERY = 50
FILES_EVERY = 500
CUTS_EVERY = 1000


def check_reader(packet: Packet) -> str:
    """Read a packet by the hot codec, and what it accepts or hands over by the fallback; say what it came to.

    F20: what the one accepts, the other accepts and reads alike. That the fallback accepts nothing that `dns.message`
    refuses is held by `tests/core/wire/test_differential.py`.
    """
    query, rdtype = packet.query, packet.question.rdtype
    try:
        reading = read_plain_reply(packet.message, query, rdtype)
    except Odd:
        return "handed over, " + _through_fallback(packet, query)
    except Malformed:
        return "damaged"
    if reading is None:
        return "no reply"
    assert fallback.read_unusual_reply(packet.message, query, rdtype) == reading
    return "read"


def _through_fallback(packet: Packet, query: bytes) -> str:
    try:
        reading = fallback.read_unusual_reply(packet.message, query, packet.question.rdtype)
    except Malformed:
        return "damaged"
    assert isinstance(reading, Reply), "it was ours"
    return "read"


class Fuzzer:
    """Tries packets by their numbers; everything about one hangs on the seed and its number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pool = Pool([*zoo(), *goldens()])
        self.seen: Counter[str] = Counter()

    def try_packet(self, number: int) -> None:
        """Try one packet, and what is due with its number. Raises whatever should not have been."""
        rng = random.Random(self._seed << 32 | number)
        whole, changed = self._pool.mutate(rng)
        self.seen[check_reader(changed)] += 1
        if number % CLIENT_EVERY == 0:
            clients.check_client(whole, changed, rng.choice(list(clients.MANNERS)))
            self.seen["lookups"] += 1
        if number % FILES_EVERY == 0:
            for kind in files.KINDS:
                files.check_file(kind, files.draw(rng, kind))
                self.seen["files"] += 1
        if number % CUTS_EVERY == 0:
            self.seen["cuts"] += streams.check_cuts(changed.message[:2000])

    def summary(self) -> str:
        """Say what was tried, in one line."""
        packets = {word: self.seen[word] for word in sorted(self.seen) if word not in ("lookups", "files", "cuts")}
        told = ", ".join(f"{count:,} {word}" for word, count in packets.items())
        return (
            f"{sum(packets.values()):,} changed packets ({told}), {self.seen['lookups']:,} lookups, "
            f"{self.seen['files']:,} files, {self.seen['cuts']:,} cuts of frames: none hung, leaked or raised "
            "what is no error of ours"
        )
