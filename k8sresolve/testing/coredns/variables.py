"""Variables in a Corefile, `{$NAME}` and `{%NAME%}`: what they stand for, and which of them stand for nothing."""

import re
from collections.abc import Mapping
from types import MappingProxyType

_VARIABLE = re.compile(r"\{\$([^}]+)\}|\{%((?:(?!%\}).)+)%\}")
_NO_VALUES: Mapping[str, str] = MappingProxyType({})


class Variables:
    """The environment that a Corefile is read in: its variables' values, and no others.

    One that has no value stands for nothing, as in CoreDNS. `unset` are these, each with the place where it stands
    first: what stands for nothing takes a zone, or an address, away without a word.
    """

    def __init__(self, values: Mapping[str, str] = _NO_VALUES) -> None:
        self._values = values
        self.unset: dict[str, str] = {}

    def put_in(self, word: str, file: str, line: int) -> str:
        """Put values in the places of the variables in a word, which stands in that place."""
        return _VARIABLE.sub(lambda found: self._value(found[1] or found[2], file, line), word)

    def _value(self, name: str, file: str, line: int) -> str:
        value = self._values.get(name)
        if value is None:
            self.unset.setdefault(name, f"{file}, line {line}")
        return value or ""
