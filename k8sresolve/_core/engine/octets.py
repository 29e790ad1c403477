"""What remembered answers and results take of memory, about."""

from typing import Any

from k8sresolve._core.questions import AAAA, A, Found, Question, Result, SrvData

# Octets of memory, as tracemalloc(3) counts them on CPython 3.11: of an answer without records, of an address, of a
# name as a record, of an SRV record and of a name of the additional section, these three without their text.
_ANSWER = 640
_ADDRESS = {A: 88, AAAA: 108}
_NAME = 92
_SRV = 168
_GLUE = 140


def octets_of(key: Any, one: Any) -> int:
    """About how much memory a remembered answer or result takes."""
    if not hasattr(one, "made_of"):
        return _octets_of_answer(key, one)
    return 400


def _octets_of_answer(key: Question, answer: Result) -> int:
    octets = _ANSWER + len(key.name)
    if not isinstance(answer, Found):
        return octets
    if key.rdtype in _ADDRESS:
        return octets + _ADDRESS[key.rdtype] * len(answer.data)
    for datum in answer.data:
        octets += _SRV + len(datum.target) if isinstance(datum, SrvData) else _NAME + len(datum)
    for name, addresses in answer.glue.items():
        octets += _GLUE + len(name) + sum(_ADDRESS[A if address.version == 4 else AAAA] for address in addresses)
    return octets
