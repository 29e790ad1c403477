"""`--fault`: faults of the offline cluster's network, written as words.

What words there are is told by the functions that make faults: by their names, parameters and docstrings.
"""

import inspect
import shlex
import textwrap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from k8sresolve.errors import ConfigError

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster

_GRAMMAR = """\
faults:
  KIND [VALUE] [NAME] [TYPE] [KEY=VALUE ...], the words of one fault in quotes:

    --fault 'drop AAAA next=2'              lose the next two AAAA queries
    --fault 'delay 0.5 payments.shop.svc.cluster.local'
    --fault 'SERVFAIL *.shop.svc.cluster.local probability=0.1 seed=7'
    --fault 'truncate SRV' --fault 'drip 0.2'
    --fault 'api_server_away stale=30'

  KIND is one of these, or an rcode alone. The last ones are stories.

{kinds}

  NAME has a dot; *.NAME stands for all below it. Without NAME and TYPE all
  queries are hit.
  KEY is next (so many queries), every (each so manyth, from the first on),
  probability and seed, after and lasting (seconds), transport (udp or tcp),
  nameserver (an address), or one that only some kinds have:

{keys}
"""
_COLUMNS = 79

# A command's cluster has one nameserver, so that none of several can be dead.
_STORIES = ("rolling_restart", "api_server_away", "not_yet_synced", "conntrack_race")


class _Maker:
    """A function that makes faults of a network or a cluster, as words are given to it.

    `values` are what it has to be given first, `keys` what it may be given by name, and of what type.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        _, *parameters = inspect.signature(function).parameters.values()
        self.function = function
        self.values = {p.name: p.annotation for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
        self.keys = {p.name: p.annotation for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.has_which = any(p.kind is p.VAR_KEYWORD for p in parameters)

    def takes(self, key: str) -> bool:
        """Whether it may be given this key; `name` stands for name and type."""
        return key in self.keys or (self.has_which and (key == "name" or key in _which()))

    @property
    def summary(self) -> str:
        """The first paragraph of its docstring, in terms of words."""
        text = " ".join((inspect.getdoc(self.function) or "").partition("\n\n")[0].split()).removesuffix(".")
        for name, kind in {**self.values, **self.keys}.items():
            if kind is float:
                text = text.replace(f"`{name}`", name.upper())
        return f"{text[0].lower()}{text[1:]}".translate({ord("`"): None, ord('"'): None})


def _which() -> Mapping[str, Any]:
    from k8sresolve.testing import Which

    return Which.__annotations__


def _makers() -> dict[str, _Maker]:
    from k8sresolve.testing import Fault, Network, scenarios

    methods = {name: method for base in Network.__mro__ for name, method in vars(base).items() if _is_public(method)}
    kinds = {name: method for name, method in methods.items() if inspect.signature(method).return_annotation is Fault}
    functions = kinds | {name: getattr(scenarios, name) for name in _STORIES}
    return {name: _Maker(function) for name, function in functions.items()}


def _is_public(member: object) -> bool:
    return inspect.isfunction(member) and not member.__name__.startswith("_")


def grammar() -> str:
    """Tell how faults are said in words."""
    makers = _makers()
    kinds = {" ".join([name, *map(str.upper, maker.values)]): maker.summary for name, maker in makers.items()}
    keys: dict[str, list[str]] = {}
    for name, maker in makers.items():
        for key in (key for key in maker.keys if key not in _which()):
            keys.setdefault(f"{key}={'yes' if maker.keys[key] is bool else key.upper()}", []).append(name)
    return _GRAMMAR.format(
        kinds="\n".join(_aligned(kind, summary) for kind, summary in kinds.items()),
        keys="\n".join(_aligned(key, f"of {', '.join(names)}") for key, names in keys.items()),
    )


def _aligned(label: str, text: str) -> str:
    start = f"    {label:<15}  "
    return textwrap.fill(text, _COLUMNS, initial_indent=start, subsequent_indent=" " * len(start))


def _keys(makers: Mapping[str, _Maker]) -> dict[str, Any]:
    """All keys that there are, and their types."""
    return {**_which(), **{key: kind for maker in makers.values() for key, kind in maker.keys.items()}}


def add_fault(cluster: "Cluster", text: str) -> None:
    """Make the fault that the words describe. Raises `ConfigError` for words that describe none."""
    try:
        _add(cluster, shlex.split(text))
    except ValueError as error:
        raise ConfigError(f"--fault {text!r}: {error}", advice="see `k8sresolve serve --help`") from None


def _add(cluster: "Cluster", words: list[str]) -> None:
    from k8sresolve.testing import RCODES

    if not words:
        raise ValueError("it says nothing")
    makers = _makers()
    keys = _keys(makers)
    kind = words[0].lower().replace("-", "_")
    options = dict(_option(word, keys) for word in words[1:] if "=" in word)
    rest = [word for word in words[1:] if "=" not in word]
    maker = makers.get(kind)
    if kind.upper() in RCODES:
        maker, rest = makers["rcode"], [kind, *rest]
    if maker is None:
        raise ValueError(f"there is no fault {words[0]!r}")
    values = [_value(kind, name, annotation, rest) for name, annotation in maker.values.items()]
    for key in (*options, *(("name",) if rest else ())):
        if not maker.takes(key):
            raise ValueError(f"{kind} takes no {key}{f', as {rest[0]!r} seems to be' if key == 'name' else ''}")
    maker.function(cluster if kind in _STORIES else cluster.network, *values, **_question(rest), **options)


def _option(word: str, keys: Mapping[str, Any]) -> tuple[str, Any]:
    key, _, value = word.partition("=")
    if key not in keys:
        raise ValueError(f"there is no {key}=; use one of {', '.join(keys)}")
    # A chance is a number, too, but not of seconds.
    read = float if key == "probability" else _reader(keys[key])
    try:
        return key, read(value)
    except (ValueError, KeyError):
        raise ValueError(f"{key} cannot be {value!r}") from None


def _value(kind: str, name: str, annotation: object, rest: list[str]) -> Any:
    try:
        return _reader(annotation)(rest.pop(0))
    except (ValueError, IndexError):
        raise ValueError(
            f"{kind} takes {'a number of seconds' if annotation is float else f'its {name}'} first"
        ) from None


def _reader(annotation: object) -> Callable[[str], Any]:
    readers: dict[object, Callable[[str], Any]] = {int: int, float: _seconds, bool: _yes}
    return readers.get(annotation, str)


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def _yes(text: str) -> bool:
    return {"yes": True, "no": False}[text]


def _question(words: list[str]) -> dict[str, str]:
    names = [word for word in words if "." in word]
    types = [word for word in words if "." not in word]
    if len(names) > 1 or len(types) > 1:
        raise ValueError(f"it is about one name and one type, and not about {' '.join(words)}")
    return dict(zip(["name"] * len(names) + ["rdtype"] * len(types), names + types, strict=True))
