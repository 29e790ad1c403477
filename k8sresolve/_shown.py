"""How a public value is written by `repr`."""

from typing import Any


class Shown:
    """Writes a value as attrs would: attrs compiles that anew for each class, 18 million instructions of the import."""

    __slots__ = ()

    def __repr__(self) -> str:
        kind: Any = type(self)
        fields = [f"{field.name}={getattr(self, field.name)!r}" for field in kind.__attrs_attrs__ if field.repr]
        return f"{kind.__qualname__}({', '.join(fields)})"
