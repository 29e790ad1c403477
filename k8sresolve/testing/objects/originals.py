"""What a file said, for the lines of its fields, of which few are asked for, and those later."""

from collections.abc import Callable

_MOST_KEPT = 1 << 20  # a cluster's file is larger than all that is made of it


class Original:
    """The octets of a file. Large ones that can be read `again` are let go of, and read when they are asked for."""

    def __init__(self, octets: bytes, again: Callable[[], bytes | None] | None = None) -> None:
        self._octets: bytes | None = octets
        self._again = again if len(octets) > _MOST_KEPT else None

    def octets(self) -> bytes | None:
        """What the file said; None where it has been let go of and says something else now."""
        if self._octets is None and self._again is not None:
            self._octets = self._again()  # and kept: who asks for one line asks for others
        return self._octets

    def let_go(self) -> None:
        """Say that it has been read."""
        if self._again is not None:
            self._octets = None
