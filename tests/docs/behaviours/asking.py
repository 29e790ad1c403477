"""What peers can be asked of a scenario, and how what they say compares with what is expected."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.drivers.scenarios import Call, Scenario, Wait

PEERS = ("dnspython", "aiodns", "glibc")
LONGEST = 20.0  # seconds; a scenario of virtual time that would take longer is not run with peers
LATE = 1.2  # seconds over what is expected; less may be the machine's
DEADLINE = 5.0  # seconds, where a scenario states none

# What each one's errors say, in words that are common to all.
_CLASSES = {
    "no such name": ("NoSuchName", "NXDOMAIN", "ARES_ENOTFOUND", "EAI_NONAME"),
    "no data": ("NoData", "NoAnswer", "ARES_ENODATA", "EAI_NODATA"),
    "temporary failure": (
        *("LookupTimeout", "ServerFailure", "Refused", "NetworkError"),
        *("LifetimeTimeout", "NoNameservers"),
        *("TimeoutError", "ARES_ETIMEOUT", "ARES_ESERVFAIL", "ARES_EREFUSED", "ARES_ENOTIMP", "ARES_EFORMERR"),
        *("ARES_ECONNREFUSED", "EAI_AGAIN"),
    ),
    "failure": ("BadResponse", "ARES_EBADRESP", "EAI_FAIL"),
    "invalid name": ("InvalidName", "ARES_EBADNAME", "LabelTooLong", "NameTooLong", "EmptyLabel", "UnicodeError"),
}
CLASS = {word: kind for kind, words in _CLASSES.items() for word in words}


def cannot(scenario: Scenario, peer: str) -> str:
    """Say why a peer cannot be asked; empty if it can."""
    calls = scenario.lookups
    if scenario.event is not None:
        return "needs cancelling"
    if scenario.seconds[1] > LONGEST:
        return "takes too long"
    if scenario.policy not in ("kubernetes", "glibc"):
        return "another policy"
    if any(call.options.get("fresh") for call in calls) or scenario.cache != type(scenario.cache)():
        return "needs this cache"
    if "absolute" in scenario.config:
        return "needs what resolv.conf cannot say"
    if peer == "glibc":
        if any(call.method in ("port", "lookup") for call in calls):
            return "addresses only"
        if any("timeout" in call.options for call in calls):
            return "no deadline"
    return ""


def calls_of(scenario: Scenario) -> list[dict[str, Any]]:
    """Write a scenario's calls as `peers` takes them; names stay as typed."""
    return [{"wait": c.seconds} if isinstance(c, Wait) else _call(c, scenario.family) for c in scenario.calls]


def _call(call: Call, family: str) -> dict[str, Any]:
    told = {"kind": "addresses", "name": call.args[0], "family": family, "rdtype": "A"}
    told["timeout"] = call.options.get("timeout", DEADLINE)
    if call.method == "port":
        # In full: what is asked for here is no matter of the search list.
        place = ".".join([*call.args[0].split("."), "shop"][:2])
        told |= {"kind": "ports", "name": f"_{call.args[1]}._tcp.{place}.svc.cluster.local.", "rdtype": "SRV"}
    elif call.method == "lookup":
        told |= {"kind": "records", "rdtype": call.args[1]}
    return told


def short(told: dict[str, Any]) -> dict[str, Any]:
    """Keep what is long by its count and a digest."""
    records = told.get("records", [])
    if len(records) <= 6:
        return told
    return {"records": [f"{len(records)} records", hashlib.sha256("\n".join(records).encode()).hexdigest()[:16]]}


def expected(scenario: Scenario) -> list[dict[str, Any]]:
    """What a scenario demands of each call, in the words of `peers`."""
    return [short(_expected(call, told)) for call, told in zip(scenario.lookups, scenario.told, strict=True)]


def _expected(call: Call, told: str) -> dict[str, Any]:
    if told in CLASS:
        return {"error": told}
    if call.method == "lookup":
        return {"records": sorted(told.rpartition(" at ")[0].split(", "))}
    words = told.partition(" by ")[0].removesuffix(" incomplete").split()
    if call.method == "port":
        return {"records": sorted(f"{words[0]} {target.partition('=')[0]}" for target in words[1:])}
    return {"records": sorted(words)}


def verdict(scenario: Scenario, seen: Mapping[str, Any]) -> str:
    """Say how a peer differs, in few words; `same` if it does not."""
    told = _told(scenario, seen["told"])
    differences = [*told, *_sent(scenario, seen["asked"])]
    if seen["seconds"] - max(scenario.seconds) > LATE:
        differences.append(f"after {seen['seconds']:.1f} s, not {max(scenario.seconds):.1f}")
    if not differences:
        return "same"
    return ", ".join(differences if told else ["same result", *differences])


def alike(scenario: Scenario, seen: Mapping[str, Any]) -> bool:
    """Whether a peer came to the same records or class of error, whatever it sent and however long it took."""
    return not _told(scenario, seen["told"])


def _told(scenario: Scenario, told: list[dict[str, Any]]) -> list[str]:
    if not told:
        return ["no result"]
    for want, got in zip(expected(scenario), told, strict=True):
        if _same(want, got):
            continue
        if "error" in got:
            return [f"`{got['error']}`"]
        return [_records(got["records"])]
    return []


def _same(want: dict[str, Any], got: dict[str, Any]) -> bool:
    if "error" in want and "error" in got:
        return CLASS[want["error"]] == CLASS.get(got["error"], got["error"])
    return want == got


def _records(records: list[str]) -> str:
    return "returns " + (", ".join(records) if records else "no record")


def _sent(scenario: Scenario, asked: list[dict[str, int]]) -> list[str]:
    want, got = (_by_transport(counts) for counts in (scenario.asked, asked))
    if want == got:
        used = [[bool(sum(counts.values())) for counts in of] for of in (scenario.asked, asked)]
        return [] if used[0] == used[1] else ["asks other nameservers"]
    if not want["tcp"] and not got["tcp"]:
        return [f"{_questions(got['udp'])}, not {want['udp']}"]
    return [f"{got['udp']} over UDP and {got['tcp']} over TCP, not {want['udp']} and {want['tcp']}"]


def _questions(count: int) -> str:
    return f"{count} question" if count == 1 else f"{count} questions"


def _by_transport(counts: Any) -> Counter[str]:
    total: Counter[str] = Counter()
    for asked in counts:
        for kind, count in asked.items():
            total[kind.split()[1]] += count
    return total
