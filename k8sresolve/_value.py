"""How public values compare and how `repr` writes them."""

from __future__ import annotations

from typing import Any


class Value:
    """Does what attrs would: it compiles that anew for each class, 30 million instructions of the import."""

    __slots__ = ()

    def _meant(self) -> tuple[Any, ...]:
        """What is compared. What programs keep in sets, or is part of a remembered call, names it: that is faster."""
        kind: Any = type(self)
        return tuple([getattr(self, field.name) for field in kind.__attrs_attrs__ if field.eq])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._meant() == other._meant()

    def __hash__(self) -> int:
        return hash(self._meant())

    def __repr__(self) -> str:
        kind: Any = type(self)
        fields = [f"{field.name}={getattr(self, field.name)!r}" for field in kind.__attrs_attrs__ if field.repr]
        return f"{kind.__qualname__}({', '.join(fields)})"
