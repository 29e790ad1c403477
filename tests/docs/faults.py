"""The table of faults in `docs/how-to/faults.md`, as the methods that make them and the log have it.

`python -m tests.docs.faults` writes it anew into the page.
"""

import inspect
import re
from pathlib import Path

from k8sresolve.testing.network.faults import KINDS, FaultKind

PAGE = Path(__file__).parents[2] / "docs/how-to/faults.md"
BLOCK = re.compile(r"(?<=<!-- faults -->\n).*?(?=<!-- /faults -->)", re.DOTALL)
_SHARED = {"self", "name", "rdtype", "which"}


def call(kind: FaultKind) -> str:
    """Write a call with what not all of them take."""
    taken = inspect.signature(kind.method).parameters.values()
    own = [p for p in taken if p.name not in _SHARED]
    told = [p.name if p.default is p.empty else f"{p.name}={p.default}" for p in own]
    return f"{kind.method.__name__}({', '.join(told)})"


def summary(kind: FaultKind) -> str:
    return " ".join((inspect.getdoc(kind.method) or "").partition("\n\n")[0].split()).removesuffix(".")


def table() -> str:
    """Write the table in Markdown."""
    rows = [f"| `{call(kind)}` | {summary(kind)} | {kind.outcome or ''} |" for kind in KINDS.values()]
    return "\n".join(["| method | what it does | outcome in the log |", "|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(BLOCK.sub(lambda _: table(), PAGE.read_text(), count=1))
