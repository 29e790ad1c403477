"""What remembered answers and results take of memory, about.

The numbers are octets as tracemalloc(3) counts them on CPython 3.11, a share of the dictionary's among them.
"""

from typing import Any

from k8sresolve._core.questions import AAAA, A, Found, Question, Result, SrvData

_ANSWER = 436  # without its records
_ADDRESS = {A: 88, AAAA: 108}
_NAME = 92  # as a record, without its text, as the next two
_SRV = 168
_GLUE = 120
_SOME_GLUE = 150

_RESULT = 310  # a call and what it knows of its answers, which are counted by themselves
_ASKED = 20
_TEXT = 57  # without its characters
_OWN_NAME = 200  # the Service's own, of which there is one
_RECORD = 130
_RRSET = 200
_PORT = 240
_TARGET = 179
_ENDPOINT = 191


def octets_of_answer(key: Question, answer: Result) -> int:
    """About how much memory a remembered answer takes."""
    octets = _ANSWER + len(key.name)
    if not isinstance(answer, Found):
        return octets
    if key.rdtype in _ADDRESS:
        return octets + _ADDRESS[key.rdtype] * len(answer.data)
    for datum in answer.data:
        octets += _SRV + len(datum.target) if isinstance(datum, SrvData) else _NAME + len(datum)
    if answer.glue:
        octets += _SOME_GLUE
        for name, addresses in answer.glue.items():
            octets += _GLUE + len(name) + sum(_ADDRESS[A if address.version == 4 else AAAA] for address in addresses)
    return octets


_OWN_NAMES = {"Addresses": 0, "Answer": 0, "PodName": 90}  # where it is another, or that of a question


def octets_of_result(call: tuple[Any, ...], result: Any, asked: int) -> int:
    """About how much memory the result of a call takes that asked so many questions."""
    octets = _RESULT + _ASKED * asked
    if isinstance(call[1], str):  # further ones, of ports and types, are a program's constants
        octets += _TEXT + len(call[1])
    parts: tuple[Any, ...] = result if isinstance(result, tuple) else (result,)  # pyright: ignore[reportUnknownVariableType]
    octets += _OWN_NAMES.get(type(parts[0]).__name__, _OWN_NAME)
    return octets + sum(map(_of_record, parts))


def _of_record(one: Any) -> int:
    # By name: the module of records is loaded no sooner than there is one.
    match type(one).__name__:
        case "Addresses":
            return _RECORD + 16 * len(one.addresses)
        case "Service":
            return _RECORD + 16 * len(one.addresses) + sum(map(_of_record, one.ports))
        case "Port":
            return _PORT + _TARGET * len(one.targets)
        case "Endpoint":
            return _ENDPOINT
        case "Answer":
            return _RRSET + sum(_TEXT + 8 + len(text) for text in one.records)
        case "str":
            return _TEXT + len(one)
        case _:
            return 0
