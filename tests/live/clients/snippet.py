"""Inside a sandbox: run the `py` block of a page with a number, and before it the page's `python` blocks, which set up.

Prints as JSON what the block prints.
"""

import contextlib
import io
import json
import re
import sys
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[str, str]]:
    return FENCE.findall(page.read_text())


def run(page: Path, number: int) -> str:
    found = blocks(page)
    names: dict[str, object] = {"__name__": "example"}
    for kind, text in found[:number]:
        if kind == "python":
            exec(compile(text, page.name, "exec"), names)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(found[number][1], page.name, "exec"), names)
    return printed.getvalue()


if __name__ == "__main__":
    json.dump(run(Path(sys.argv[1]), int(sys.argv[2])), sys.stdout)
