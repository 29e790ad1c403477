"""What a reply comes to, and the rules by which it is read; `reply` and `fallback` both follow them.

- A reply is ours if QR, opcode, the count of questions, name (letter case apart), type and class match; the id is the
  driver's. Without a question it can only say SERVFAIL, REFUSED, FORMERR or NOTIMP (RFC 1035, section 4.1.1).
- Names are text in presentation form, absolute, in the case of the wire, escaped as in RFC 1035, section 5.1.
- A record at a name counts before an alias at it. Records of other types, classes and owners are passed over, but an
  answer section in which nothing belongs to the question is a bad answer, not NODATA.
- Of an error (any rcode but NOERROR and NXDOMAIN) the answer section is passed over.
- What is passed over is whole all the same: owners, lengths, names and EDNS options as dnspython reads them. A reply in
  which an octet went wrong cannot be relied on for the rest (RFC 9267). `reply` reads no more kinds of records than
  it can examine, so it is never more lenient than `fallback`.
- Octets after the last record are tolerated, as libc does. A reply with TC may be damaged after its question.
- At most 4,096 records are read; what lies behind is said by `truncated`.
"""

# Annotations are not postponed here: a NamedTuple compiles each, which `Reply` has many of.
from collections.abc import Mapping
from typing import Any, NamedTuple

from k8sresolve._core.questions import AAAA, SRV, A
from k8sresolve._core.wire.names import Malformed
from k8sresolve._core.wire.rcodes import FORMERR, NOTIMP, REFUSED, SERVFAIL
from k8sresolve.names import IPAddress

MAX_CHAIN = 8  # CNAMEs followed within one reply
MAX_RECORDS = 4096
MAX_TTL = 0x7FFFFFFF  # RFC 2181, section 8: above it a TTL is 0
WITHOUT_QUESTION = frozenset({FORMERR, SERVFAIL, NOTIMP, REFUSED})
HOST_CHAINS = frozenset({A, AAAA, SRV})  # where a CNAME's target becomes part of a typed record


class BadAnswer(Malformed):
    """The reply is whole, but what it says cannot be right: a CNAME loop, records of other names only."""


class Reply(NamedTuple):
    """What a reply says about its question.

    `rcode` is with the upper bits of the OPT record, `answers` the ANCOUNT. `data` is as in `Found`, duplicates
    merged, in the order of the wire. `chain` are the CNAME targets from the question's name on. `ttl` is the least TTL
    over both, None without any. `glue` holds, for SRV, the additional addresses of this answer's targets, by lower-case
    name. `soa_ttl` is the lesser of the authority's SOA's TTL and minimum (RFC 2308, section 5). `lame`: neither an
    answer nor an authority for there being none. `dropped` counts records of SRV and reverse PTR, and CNAMEs on the way
    to addresses and SRV, with a name that no host can have. `questioned`: it carries the question, so that whoever
    wrote it has read the query.
    """

    rcode: int
    truncated: bool
    data: tuple[Any, ...]
    chain: tuple[str, ...]
    ttl: int | None
    glue: Mapping[str, tuple[IPAddress, ...]]
    soa_ttl: int | None
    lame: bool
    answers: int
    dropped: int = 0
    questioned: bool = True


def cap_counts(*counts: int) -> list[int]:
    """Return how many records of each section are read, as their count as a whole is bounded."""
    room = MAX_RECORDS
    capped: list[int] = []
    for count in counts:
        capped.append(min(count, room))
        room -= capped[-1]
    return capped
