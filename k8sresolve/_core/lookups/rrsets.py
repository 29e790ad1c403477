"""An RRset of any type."""

from __future__ import annotations

from k8sresolve._core.lookups.hosts import fail, walk_for
from k8sresolve._core.lookups.results import age_of, cname_of, lifetime
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import OPT, TYPE_NAMES, Found, Lookup, SrvData
from k8sresolve.errors import InvalidName
from k8sresolve.names import check_given, shown
from k8sresolve.records import Answer


def records(setting: Setting, name: str, rdtype: str) -> Lookup[Answer]:
    """An RRset of any type, searched as `res_search` does."""
    number, text = _type_number(rdtype), rdtype.upper()
    trail = Trail(check_given(name), setting)
    end = yield from walk_for(trail, (number,))
    tried = end.found or fail(trail, [((number,), end)], f"{text} record")
    (answer,) = tried.answers
    assert isinstance(answer, Found)  # noqa: S101 - that is what `found` means
    ttl, expires_at = lifetime((answer,), setting)
    return Answer(
        name=name,
        rdtype=text,
        records=tuple(_presented(item) for item in answer.data),
        cname=cname_of((answer,), setting),
        candidate=tried.step.name,
        ttl=ttl,
        expires_at=expires_at,
        truncated=answer.truncated,
        age=age_of((answer,), setting),
    )


def _presented(item: object) -> str:
    return " ".join(map(str, item)) if isinstance(item, SrvData) else str(item)


def _type_number(text: str) -> int:
    """Read a record type's name.

    Raises `InvalidName` for what is none, or cannot be asked of a nameserver in this way.
    """
    upper = text.upper() if isinstance(text, str) and text.isascii() else ""
    number = next((number for number, name in TYPE_NAMES.items() if name == upper), None) or _unusual_type(upper)
    # 128-255 are QTYPEs and meta-types (RFC 6895, section 3.1); OPT is a pseudo-type.
    if not 0 < number < 65536 or 128 <= number <= 255 or number == OPT:
        raise InvalidName(
            shown(text), "this is no record type that can be looked up", advice="A, AAAA, SRV, TXT, MX, ..."
        )
    return number


def _unusual_type(upper: str) -> int:
    """Read a type that has no name here: by dnspython's list, or `TYPE65280` (RFC 3597, section 5); 0 for none."""
    digits = upper.removeprefix("TYPE")
    if digits != upper and digits.isdecimal() and len(digits) < 6:
        return int(digits)
    from dns.rdatatype import RdataType

    return int(RdataType.__members__.get(upper.replace("-", "_"), 0))
