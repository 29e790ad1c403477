"""`--fault`: faults of the offline cluster's network, written as words."""

import inspect
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from k8sresolve.errors import ConfigError

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster

GRAMMAR = """\
faults:
  KIND [VALUE] [NAME] [TYPE] [KEY=VALUE ...], the words of one fault in quotes:

    --fault 'drop AAAA next=2'              lose the next two AAAA queries
    --fault 'delay 0.5 payments.shop.svc.cluster.local'
    --fault 'SERVFAIL *.shop.svc.cluster.local probability=0.1 seed=7'
    --fault 'truncate SRV' --fault 'drip 0.2'
    --fault 'api_server_away stale=30'

  KIND is drop, duplicate, reorder, truncate, wrong_id, wrong_question,
  wrong_source, garbage, reset, refuse or stale; delay or drip and SECONDS; an
  rcode such as SERVFAIL, REFUSED, FORMERR or NOTIMP; or a story:
  rolling_restart, api_server_away, conntrack_race.
  NAME has a dot; *.NAME stands for all below it. Without NAME and TYPE all
  queries are hit.
  KEY is next (so many queries), every (each so manyth, from the first on),
  probability and seed, after and lasting (seconds), transport (udp or tcp),
  nameserver (an address); then_reply=yes (the true reply follows one that is
  wrong_... or garbage), within (seconds, of reorder); away (of
  rolling_restart) and stale (of api_server_away) in seconds.
"""

_STORIES = frozenset({"rolling_restart", "api_server_away", "conntrack_race"})
_WITH_SECONDS = frozenset({"delay", "drip"})
_KINDS = _WITH_SECONDS | {
    *("drop", "duplicate", "reorder", "truncate", "garbage", "reset", "refuse", "stale"),
    *("wrong_id", "wrong_question", "wrong_source"),
}


def _number(text: str) -> float:
    return float(text.removesuffix("s"))


def _yes(text: str) -> bool:
    return {"yes": True, "no": False}[text]


_KEYS: Mapping[str, Callable[[str], Any]] = {
    "next": int,
    "every": int,
    "seed": int,
    "probability": float,
    "after": _number,
    "lasting": _number,
    "within": _number,
    "away": _number,
    "stale": _number,
    "transport": str,
    "nameserver": str,
    "then_reply": _yes,
}


def add_fault(cluster: "Cluster", text: str) -> None:
    """Make the fault that the words describe. Raises `ConfigError` for words that describe none."""
    try:
        words = shlex.split(text)
        _add(cluster, words)
    except ValueError as error:
        raise ConfigError(f"--fault {text!r}: {error}", advice="see `k8sresolve serve --help`") from None


def _add(cluster: "Cluster", words: list[str]) -> None:
    from k8sresolve.testing import scenarios
    from k8sresolve.testing.network.text import RCODES

    if not words:
        raise ValueError("it says nothing")
    kind = words[0].lower().replace("-", "_")
    options = dict(_option(word) for word in words[1:] if "=" in word)
    rest = [word for word in words[1:] if "=" not in word]
    given: list[Any] = []
    if kind in _STORIES:
        make: Callable[..., object] = getattr(scenarios, kind)
        given = [cluster]
    elif kind.upper() in RCODES:
        make, given = cluster.network.rcode, [kind]
    elif kind in _KINDS:
        make = getattr(cluster.network, kind)
        if kind in _WITH_SECONDS:
            given = [_seconds(kind, rest)]
    else:
        raise ValueError(f"there is no fault {words[0]!r}")
    taken = set(_taken(make))
    for key in (*options, *(("name",) if rest else ())):
        if key not in taken:
            raise ValueError(f"{kind} takes no {key}{f', as {rest[0]!r} seems to be' if key == 'name' else ''}")
    make(*given, **_question(rest), **options)


def _option(word: str) -> tuple[str, Any]:
    key, _, value = word.partition("=")
    read = _KEYS.get(key)
    if read is None:
        raise ValueError(f"there is no {key}=; use one of {', '.join(_KEYS)}")
    try:
        return key, read(value)
    except (ValueError, KeyError):
        raise ValueError(f"{key} cannot be {value!r}") from None


def _seconds(kind: str, rest: list[str]) -> float:
    try:
        return _number(rest.pop(0))
    except (ValueError, IndexError):
        raise ValueError(f"{kind} takes a number of seconds first") from None


def _question(words: list[str]) -> dict[str, str]:
    names = [word for word in words if "." in word]
    types = [word for word in words if "." not in word]
    if len(names) > 1 or len(types) > 1:
        raise ValueError(f"it is about one name and one type, and not about {' '.join(words)}")
    return dict(zip(["name"] * len(names) + ["rdtype"] * len(types), names + types, strict=True))


def _taken(make: Callable[..., object]) -> Iterator[str]:
    """The names of a function's arguments."""
    from k8sresolve.testing.network.criteria import Which

    for parameter in inspect.signature(make).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            yield from Which.__annotations__
        else:
            yield parameter.name
