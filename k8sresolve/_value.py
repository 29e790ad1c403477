"""How public values compare and how `repr` writes them."""

from __future__ import annotations

from typing import Any


class Value:
    """Does what attrs would: it compiles that anew for each class, 30 million instructions of the import.

    What programs keep in sets, or is part of a remembered call, has it by attrs all the same, which is faster then.
    """

    __slots__ = ()

    def _meant(self) -> tuple[Any, ...]:
        kind: Any = type(self)
        return tuple([getattr(self, field.name) for field in kind.__attrs_attrs__ if field.eq])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value) or type(self) is not type(other):
            return NotImplemented
        return self._meant() == other._meant()

    def __hash__(self) -> int:
        return hash(self._meant())

    def __repr__(self) -> str:
        kind: Any = type(self)
        fields = [f"{field.name}={getattr(self, field.name)!r}" for field in kind.__attrs_attrs__ if field.repr]
        return f"{kind.__qualname__}({', '.join(fields)})"
