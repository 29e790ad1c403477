"""What remembered answers and results take of memory, about.

The numbers are octets as tracemalloc(3) counts them on CPython 3.11, a share of the dictionary's among them, and what
tuples take more from 3.14 on, which keep their hash.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from itertools import chain
from typing import Any

from k8sresolve._core.questions import AAAA, SRV, A, Found, Question, Result
from k8sresolve.names import IPAddress, PodName
from k8sresolve.records import Addresses, Answer, Endpoint, Port, Service

_HASH = ().__sizeof__() - 24

_ANSWER = 370 + 2 * _HASH  # without its records
_NEGATIVE = 450 + 5 * _HASH
_ADDRESS = {A: 88 + _HASH, AAAA: 108 + _HASH}
_NAME = 80  # as a record, without its text, as the next two
_SRV = 152 + _HASH
_GLUE = 104 + _HASH
_SOME_GLUE = 150

_RESULT = 330  # a call and what it knows of its answers, which are counted by themselves
_ASKED = 20
_TEXT = 57  # without its characters
_OWN_NAME = 200  # the Service's own, of which there is one
_RECORD = 122
_SEVERAL = 110  # a tuple of its own for addresses and for their ranks
_RRSET = 118
_PORT = 240
_TARGET = 150
_ENDPOINT = 183


def octets_of_answer(key: Question, answer: Result) -> int:
    """About how much memory a remembered answer takes."""
    name, rdtype = key
    if not isinstance(answer, Found):
        return _NEGATIVE + len(name)
    octets = _ANSWER + len(name)
    address = _ADDRESS.get(rdtype)
    if address is not None:
        return octets + address * len(answer.data)
    data, glue = answer.data, answer.glue
    # There may be a thousand: `map` takes half as long as a loop.
    if rdtype == SRV and data:
        *_, targets = zip(*data, strict=True)
        octets += _SRV * len(data) + sum(map(len, targets))
    else:
        octets += _NAME * len(data) + sum(map(len, data))
    if glue:
        octets += _SOME_GLUE + _GLUE * len(glue) + sum(map(len, glue))
        octets += sum(map(_size_of, map(type, chain.from_iterable(glue.values()))))
    return octets


_size_of: Callable[[type[Any]], int] = {IPv4Address: _ADDRESS[A], IPv6Address: _ADDRESS[AAAA]}.__getitem__


_OWN_NAMES: dict[type[Any], int] = {Addresses: 0, Answer: 0, PodName: 90}  # where it is another, or that of a question


def octets_of_result(call: tuple[Any, ...], result: Any, asked: int) -> int:
    """About how much memory the result of a call takes that asked so many questions."""
    octets = _RESULT + _ASKED * asked
    name = call[1]
    if isinstance(name, str):  # further ones, of ports and types, are a program's constants
        octets += _TEXT + len(name)
    if not isinstance(result, tuple):
        return octets + _of_name(result) + _of_record(result)
    parts: tuple[object, ...] = result  # pyright: ignore[reportUnknownVariableType]
    if isinstance(parts[0], Endpoint):  # of which there may be a thousand, all alike
        return octets + _of_name(parts[0]) + _ENDPOINT * len(parts)
    return octets + _of_name(parts[0]) + sum(map(_of_record, parts))


def _of_name(one: object) -> int:
    return _OWN_NAMES.get(type(one), _OWN_NAME)


def _of_record(one: object) -> int:
    of_kind = _OF_KIND.get(type(one))
    return 0 if of_kind is None else of_kind(one)


def _of_addresses(addresses: tuple[IPAddress, ...]) -> int:
    return _SEVERAL + 16 * len(addresses) if len(addresses) > 1 else 0


def _of_service(service: Service) -> int:
    return _RECORD + _of_addresses(service.addresses) + sum(map(_of_port, service.ports))


def _of_port(port: Port) -> int:
    return _PORT + _TARGET * len(port.targets)


# By the type: to match classes, one after the other, is most of what it costs to remember a result.
_OF_KIND: dict[type[Any], Callable[[Any], int]] = {
    Addresses: lambda one: _RECORD + _of_addresses(one.addresses),
    Service: _of_service,
    Port: _of_port,
    Answer: lambda one: _RRSET + sum(_TEXT + 8 + len(text) for text in one.records),
    str: lambda one: _TEXT + len(one),
}
