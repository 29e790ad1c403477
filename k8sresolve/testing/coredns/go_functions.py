"""The functions of Go's text templates, and `parseInt`, which CoreDNS adds; and how values are written.

They raise TypeError, ValueError, LookupError or OverflowError where Go ends a template with an error.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, cast
from urllib.parse import quote_plus


class Struct(dict[str, Any]):
    """Fields of which there are no others: to ask for one is an error, where a map has nothing for it."""


class _Nothing:
    """What a map has for a key that it does not have."""

    def __bool__(self) -> bool:
        return False


NOTHING = _Nothing()
NOT_MODELLED = frozenset({"call", "js"})

_VERB = re.compile(r"%([-+# 0]{0,5}\d{0,3})([sdxXvqct%])")
_KINDS: Mapping[type, str] = {str: "string", bool: "bool", int: "int", list: "[]string"}
_VERBS: Mapping[type, str] = {str: "sxXvq", bool: "tv", int: "dxXvc"}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a list, of whatever."""
    return isinstance(value, list)


def shown(value: Any) -> str:
    """Write a value as a template does."""
    if value is None or value is NOTHING:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_list(value):
        return f"[{' '.join(map(shown, value))}]"
    if isinstance(value, Mapping):
        pairs = sorted(cast("Mapping[str, Any]", value).items())
        return f"map[{' '.join(f'{key}:{shown(one)}' for key, one in pairs)}]"
    return str(value)


def _index(value: Any, *keys: Any) -> Any:
    if _argument(value) is None:
        raise TypeError("index of untyped nil")
    for key in keys:
        if isinstance(value, Struct) or (isinstance(value, Mapping) and not isinstance(key, str)):
            raise TypeError("can't index")
        if isinstance(value, Mapping):
            value = cast("Mapping[str, Any]", value).get(key, "")
        else:
            value = _sequence(value)[_place(key)]
    return value


def _slice(value: Any, *places: int) -> Any:
    whole = value.encode() if isinstance(value, str) else value
    start, end, *capacity = (*places, *(0, len(whole))[len(places) :])
    if not 0 <= _place(start) <= _place(end) <= len(whole) or (capacity and isinstance(value, str)):
        raise IndexError("index out of range")
    return whole[start:end].decode() if isinstance(value, str) else whole[start:end]


def _sequence(value: Any) -> Sequence[Any]:
    """Give a list as it is, and a text as its octets."""
    return value.encode() if isinstance(value, str) else value


def _place(key: Any) -> int:
    if type(key) is not int:
        raise TypeError(f"cannot index by {key!r}")
    if key < 0:
        raise IndexError("index out of range")
    return key


def _length(value: Any) -> int:
    if isinstance(value, Struct):
        raise TypeError("len of a struct")
    return len(_sequence(value))


def _printf(text: str, *values: Any) -> str:
    left: list[Any] = list(map(_argument, values))

    def written(found: "re.Match[str]") -> str:
        flags, verb = found[1], found[2]
        if verb == "%":
            return "%"
        return _formatted(flags, verb, left.pop(0)) if left else f"%!{verb}(MISSING)"

    done = _VERB.sub(written, text)
    extra = ", ".join(map(_with_kind, left))
    return f"{done}%!(EXTRA {extra})" if extra else done


def _formatted(flags: str, verb: str, value: Any) -> str:
    """Write a value by a verb; of a list or a map, each part."""
    if is_list(value):
        return f"[{' '.join(_formatted(flags, verb, one) for one in value)}]"
    if isinstance(value, Mapping):
        pairs = sorted(cast("Mapping[str, Any]", value).items())
        return f"map[{' '.join(':'.join(_formatted(flags, verb, one) for one in pair) for pair in pairs)}]"
    return _scalar(flags, verb, value)


def _scalar(flags: str, verb: str, value: Any) -> str:
    if verb not in _VERBS.get(value.__class__, "v"):
        return f"%!{verb}({_with_kind(value)})"
    if verb == "q" and isinstance(value, str):
        return f"%{flags}s" % _quoted(value)
    if verb in "xX" and isinstance(value, str):
        octets = value.encode().hex()
        return f"%{flags}s" % (octets.upper() if verb == "X" else octets)
    return f"%{flags}{verb}" % value if verb in "dxXc" else f"%{flags}s" % shown(value)


def _with_kind(value: Any) -> str:
    if value is None:
        return "<nil>"
    return f"{_KINDS.get(value.__class__, 'map[string]string')}={shown(value)}"


def _argument(value: Any) -> Any:
    """What a map does not have is nil where it is an argument."""
    return None if value is NOTHING else value


def _printed(value: Any) -> str:
    return "<nil>" if _argument(value) is None else shown(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _print(*values: Any) -> str:
    """Write values with a blank between two that are both no texts."""
    parts: list[str] = []
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            parts.append(" ")
        parts.append(_printed(value))
    return "".join(parts)


def _println(*values: Any) -> str:
    return " ".join(map(_printed, values)) + "\n"


def _html(*values: Any) -> str:
    return _text(*values).translate(_HTML)


def _urlquery(*values: Any) -> str:
    return quote_plus(_text(*values), safe="~")


def _text(*values: Any) -> str:
    return _print(*(shown(value) if _argument(value) is None else value for value in values))


def _comparable(*values: Any) -> None:
    kinds: set[type] = {type(value) for value in values}
    if len(kinds) > 1 or not kinds <= {str, int, bool}:
        raise TypeError("incompatible types for comparison")


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise TypeError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def _same(first: Any, second: Any) -> bool:
    """What is not there is the same as nothing but itself."""
    first, second = _argument(first), _argument(second)
    if first is None or second is None:
        return first is second
    _comparable(first, second)
    return bool(first == second)


def _different(first: Any, second: Any) -> bool:
    return not _same(first, second)


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(first: Any, second: Any) -> bool:
        _comparable(first, second)
        if isinstance(first, bool):
            raise TypeError("invalid type for comparison")
        return compare(first, second)

    return compared


def _parse_int(text: str, base: int, bits: int) -> int:
    """Read a number as Go's `ParseUint` does."""
    digits = _DIGITS[:base]
    if not 2 <= base <= 36 or not 0 <= bits <= 64 or not text or set(text.lower()) - set(digits):
        raise ValueError(f"parsing {text!r}: invalid syntax")
    number = int(text, base)
    if number >> (bits or 64):
        raise ValueError(f"parsing {text!r}: value out of range")
    return number


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "eq": _equal,
    "ge": _compared(operator.ge),
    "gt": _compared(operator.gt),
    "html": _html,
    "index": _index,
    "le": _compared(operator.le),
    "len": _length,
    "lt": _compared(operator.lt),
    "ne": _different,
    "not": operator.not_,
    "parseInt": _parse_int,
    "print": _print,
    "printf": _printf,
    "println": _println,
    "slice": _slice,
    "urlquery": _urlquery,
}
