"""The functions that every expression of expr-lang has, as far as they tell questions apart.

They raise TypeError, ValueError, LookupError or AttributeError where expr-lang ends an expression with an error.
"""

from collections.abc import Callable, Mapping
from typing import Any

from k8sresolve.testing.coredns.go_functions import is_list

NOT_MODELLED = frozenset(
    {"all", "none", "any", "one", "filter", "map", "find", "findIndex", "findLast", "findLastIndex", "count", "sum"}
    | {"groupBy", "sortBy", "reduce", "ceil", "floor", "round", "float", "mean", "median", "toJSON", "fromJSON"}
    | {"toBase64", "fromBase64", "now", "duration", "date", "timezone", "take", "keys", "values", "toPairs"}
    | {"fromPairs", "reverse", "uniq", "concat", "flatten", "sort", "bitnot", "bitand", "bitor", "bitxor", "bitnand"}
    | {"bitshl", "bitshr", "bitushr", "get", "splitAfter"}
)
_BLANKS = "\t\n\v\f\r \x85\xa0"
_MOST = 1_000_000


def index(value: Any, at: Any) -> Any:
    """Take the item of a list; a negative number counts from the end."""
    if not is_list(value):
        raise TypeError(f"{value!r} has no items")
    return value[_number(at)]


def part(value: Any, first: Any, end: Any) -> Any:
    """Cut a list, or a text by its octets. What is beyond the end is the end."""
    whole = _whole(value)
    a, b = (max(place + len(whole) if place < 0 else place, 0) for place in map(_number, (first, end)))
    cut = whole[min(a, b) : b]
    return cut.decode(errors="replace") if isinstance(cut, bytes) else cut


def end_of(value: Any) -> int:
    """Tell where a list, or a text, ends."""
    return len(_whole(value))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    if not is_list(value):
        raise TypeError(f"{value!r} has no items")
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no number")
    return value


def _texts(*values: Any) -> None:
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no text")


def _of_texts(call: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that takes nothing but texts."""

    def called(*values: Any) -> Any:
        _texts(*values)
        return call(*values)

    return called


def _trim(text: str, letters: str = _BLANKS) -> str:
    return text.strip(letters)


def _trim_prefix(text: str, prefix: str = " ") -> str:
    return text.removeprefix(prefix)


def _trim_suffix(text: str, suffix: str = " ") -> str:
    return text.removesuffix(suffix)


def _split(text: str, separator: str, most: int = -1) -> list[str]:
    _texts(text, separator)
    if _number(most) == 0:
        return []
    if separator:
        return text.split(separator, most - 1 if most > 0 else -1)
    letters = list(text)
    return letters if most < 0 or len(letters) <= most else [*letters[: most - 1], "".join(letters[most - 1 :])]


def _replace(text: str, old: str, new: str, most: int = -1) -> str:
    _texts(text, old, new)
    return text.replace(old, new, _number(most))


def _repeat(text: str, times: int) -> str:
    _texts(text)
    if not 0 <= _number(times) * max(len(text), 1) <= _MOST:
        raise ValueError(f"{times} is no number of times")
    return text * times


def _join(items: list[str], glue: str = "") -> str:
    return glue.join(items)


def _int(value: Any) -> int:
    """Read a number as Go's `Atoi` does."""
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("-", "+") else value
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            raise ValueError(f"{value!r} is no number")
        return int(value)
    return _number(value)


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int)):
        raise TypeError(f"{value!r} is neither text nor number")
    return str(value)


def _first(items: list[Any]) -> Any:
    return items[0] if items else None


def _last(items: list[Any]) -> Any:
    return items[-1] if items else None


def _numbers(*values: Any) -> list[int]:
    return [_number(one) for value in values for one in (value if is_list(value) else [value])]


def _most(*values: Any) -> int:
    return max(_numbers(*values))


def _least(*values: Any) -> int:
    return min(_numbers(*values))


def _absolute(value: Any) -> int:
    return abs(_number(value))


def _index_of(text: str, wanted: str) -> int:
    return text.encode().find(wanted.encode())


def _last_index_of(text: str, wanted: str) -> int:
    return text.encode().rfind(wanted.encode())


BUILT_IN: Mapping[str, Callable[..., Any]] = {
    "abs": _absolute,
    "first": _first,
    "hasPrefix": _of_texts(str.startswith),
    "hasSuffix": _of_texts(str.endswith),
    "indexOf": _of_texts(_index_of),
    "int": _int,
    "join": _join,
    "last": _last,
    "lastIndexOf": _of_texts(_last_index_of),
    "len": len,
    "lower": _of_texts(str.lower),
    "max": _most,
    "min": _least,
    "repeat": _repeat,
    "replace": _replace,
    "split": _split,
    "string": _string,
    "trim": _of_texts(_trim),
    "trimPrefix": _of_texts(_trim_prefix),
    "trimSuffix": _of_texts(_trim_suffix),
    "upper": _of_texts(str.upper),
}
