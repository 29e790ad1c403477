"""What glibc, musl and Go did with 899 names, against the policies that bear their names.

The policies decide which names are asked, where the walk stops and how it is reported. What lies below, resending and
the choice among nameservers, belongs to each resolver's transport and is played here by one class for each.
"""

import collections
import gzip
import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from k8sresolve._core.questions import AAAA, SRV, A, Empty, Failed, Found, NxDomain, SrvData, type_name
from k8sresolve._core.search.walk import Search, policy
from k8sresolve.config import Nameserver, ResolverConfig

with gzip.open(Path(__file__).parent / "search" / "policy.jsonl.gz", "rt") as file:
    ROWS = [json.loads(line) for line in file]

RDTYPES = {"inet": (A,), "inet6": (AAAA,), "unspec": (A, AAAA), "srv": (SRV,)}


def config_of(row):
    """Read the few plain lines that these rows have."""
    search, options = (), {"ndots": "1", "attempts": "2"}
    for line in row["resolv_conf"].splitlines():
        keyword, *words = line.split()
        if keyword in ("search", "domain") and words:
            search = tuple(words)
        elif keyword == "options":
            options |= {key: value for key, _, value in (word.partition(":") for word in words)}
    return ResolverConfig(
        nameservers=tuple(Nameserver(f"127.0.0.{i + 1}") for i in range(len(row["tables"]))),
        search=search,
        ndots=int(options["ndots"]),
        attempts=int(options["attempts"]),
        flags=frozenset(options) & {"no-tld-query"},
    )


def record(rdtype, text):
    if rdtype != SRV:
        return ip_address(text)
    priority, weight, port, target = text.split()
    return SrvData(int(priority), int(weight), int(port), f"{target}.")


def written(datum):
    return f"{datum[0]} {datum[1]} {datum[2]} {datum[3].rstrip('.')}" if isinstance(datum, SrvData) else str(datum)


class Transport:
    """A resolver's nameservers, and how it goes from one to the next."""

    def __init__(self, row, config):
        self.tables = row["tables"]
        self.attempts = config.attempts
        self.asked = collections.OrderedDict()

    def answers(self, questions):
        return tuple(self.answer(*question) for question in questions)

    def reply(self, table, name, rdtype):
        """Send one question to one nameserver: an answer, or Failed with the rcode or "timeout" for no reply."""
        self.asked.setdefault(name.rstrip(".") or ".", set()).add(type_name(rdtype))
        outcome, *data = table.get(name.rstrip(".").lower() or ".", {}).get(type_name(rdtype), ["NXDOMAIN"])
        match outcome:
            case "OK":
                return self.found(rdtype, data[0])
            case "TC":
                return self.found(rdtype, self.truncated(*data))
            case "NODATA":
                return Empty(0.0)
            case "NXDOMAIN":
                return NxDomain(0.0)
            case "CNAME_ONLY":
                return Empty(0.0, chain=(f"{data[0]}.",))
            case "DROP":
                return Failed("timeout")
        return Failed(outcome.lower())

    @staticmethod
    def found(rdtype, texts):
        return Found(tuple(record(rdtype, text) for text in texts), 30, 30.0) if texts else Empty(0.0)

    @staticmethod
    def truncated(_udp, everything):
        return everything  # over TCP

    @property
    def rounds(self):
        return [table for _ in range(self.attempts) for table in self.tables]


NEXT_SERVER = ("servfail", "notimp", "refused")


def soft(answer):
    return isinstance(answer, Failed) and answer.reason in NEXT_SERVER


def lost(answer):
    return answer == Failed("timeout")


class Glibc(Transport):
    """res_send.c: nameservers in turn; SERVFAIL, NOTIMP, REFUSED and silence go on, FORMERR is final.

    The last rcode counts. A and AAAA are one exchange: a good reply to either is the end of it, unless A was lost.
    """

    serial = False

    def answers(self, questions):
        partial = None
        for table in self.rounds:
            if table is None:
                continue
            got = self.exchange(table, questions)
            if not any(map(soft, got)) and all(map(lost, got)):
                partial = partial or got
            elif all(soft(a) or lost(a) for a in got):
                partial = got
            elif lost(got[0]):
                partial = partial or got
            else:
                return got
        return partial or tuple(Failed("network") for _ in questions)

    def exchange(self, table, questions):
        first = self.reply(table, *questions[0])
        if len(questions) == 1:
            return (first,)
        # single-request: A alone, and AAAA only after a reply that is no reason to go to the next nameserver.
        if self.serial and (soft(first) or lost(first)):
            return (first, first)
        second = self.reply(table, *questions[1])
        if lost(first) != lost(second) and not soft(first) and not soft(second):
            self.serial = True
        return (first, second)


class Musl(Transport):
    """res_msend.c: all nameservers at once for each question; the first NOERROR or NXDOMAIN wins."""

    def answer(self, name, rdtype):
        replies = [self.reply(table, name, rdtype) for table in self.tables if table is not None]
        return next((reply for reply in replies if not isinstance(reply, Failed)), Failed("timeout"))


class Musl123(Musl):
    """No TCP before 1.2.4: a truncated reply is taken as it is."""

    @staticmethod
    def truncated(udp, _everything):
        return udp


class Go(Transport):
    """dnsclient_unix.go, tryOneName: each question by itself, nameservers in turn until NOERROR or NXDOMAIN.

    The last failure counts.
    """

    def answer(self, name, rdtype):
        last = Failed("network")
        for table in self.rounds:
            last = Failed("network") if table is None else self.reply(table, name, rdtype)
            if not isinstance(last, Failed):
                break
        return last


COLUMNS = {"glibc": ("glibc", Glibc), "musl": ("musl", Musl), "musl_1_2_3": ("musl-1.2.3", Musl123), "go": ("go", Go)}


def walked(row, column):
    """Return (asked, result, failure, last outcome) as this project sees them."""
    name, transport = COLUMNS[column]
    config = config_of(row)
    network = transport(row, config)
    lookup = Search(config, policy(name)).walk(row["name"], RDTYPES[row["call"]])
    try:
        ask = next(lookup)
        while True:
            answers = network.answers(ask.questions)
            assert ask.enough(answers), "all is answered, so there is nothing to wait for"
            ask = lookup.send(answers)
    except StopIteration as stop:
        end = stop.value
    found = [a for a in end.found.answers if isinstance(a, Found)] if end.found else []
    result = sorted(written(d) for a in found for d in a.data) if end.found else None
    asked = [[name, sorted(types)] for name, types in network.asked.items()]
    return asked, result, end.failure, end.tried[-1].outcome if end.tried else ""


CLASSES = {
    "EAI_NONAME": {"nxdomain", "failed"},  # getaddrinfo() gives HOST_NOT_FOUND and NO_RECOVERY one code
    "EAI_NODATA": {"nodata"},
    "EAI_AGAIN": {"temporary"},
    "HOST_NOT_FOUND": {"nxdomain"},
    "NO_DATA": {"nodata"},
    "TRY_AGAIN": {"temporary"},
    "NO_RECOVERY": {"failed"},
    "NETDB_SUCCESS": {"failed"},  # musl's res_search leaves h_errno as it was where the name cannot be sent
}


def classes(error):
    """Return the classes of failure that a recorded error stands for."""
    if isinstance(error, str):
        return CLASSES[error]
    # "no suitable address found" are Go's words where nothing was asked.
    if error["is_not_found"] or error["text"].endswith("no suitable address found"):
        return {"nxdomain", "nodata"}
    return {"temporary"} if error["is_temporary"] else {"failed"}


def agrees(row, column):
    want = row[column]
    asked, result, failure, outcome = walked(row, column)
    if asked != [[n, sorted(t)] for n, t in want["asked"] if n != "<malformed>"]:  # a packet that is no question
        return False
    if want["result"] == []:
        # res_search() calls a reply with nothing but a CNAME success; there is no record all the same.
        return (result, failure, outcome) == (None, "nodata", "dangling")
    if result != (sorted(want["result"]) if want["result"] is not None else None):
        return False
    return failure is None if want["error"] is None else bool(want.get("racy")) or failure in classes(want["error"])


def test_all_rows_are_there():
    assert len(ROWS) == 899


def aborted(row, column):
    """Tell whether the resolver died, as glibc 2.36 does for some long search lists: there is no answer."""
    return row[column]["error"] == "ABORT"


@pytest.mark.parametrize("column", COLUMNS)
def test_policy_asks_finds_and_fails_as_the_resolver_did(column):
    rows = [row for row in ROWS if not aborted(row, column)]
    wrong = [row["id"] for row in rows if not agrees(row, column)]
    assert not wrong, f"{len(wrong)} of {len(rows)} rows: {wrong[:20]}"


def test_where_glibc_aborts_the_walk_comes_to_an_end_with_the_same_candidates_as_go():
    """The four lists are sound otherwise: Go's walk of them was recorded, and glibc's order is Go's."""
    for row in ROWS:
        if aborted(row, "glibc"):
            asked, result, failure, _ = walked(row, "glibc")
            assert (result is None) == (failure is not None)
            assert asked[0] == row["go"]["asked"][0]
