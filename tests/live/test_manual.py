"""The manual page as man(1) shows it."""

import os
import subprocess

import pytest

from tests.docs.manual import PAGE

pytestmark = pytest.mark.live


@pytest.mark.parametrize("width", [80, 120])
def test_man_shows_the_page_without_a_warning(width: int) -> None:
    environment = {**os.environ, "MANWIDTH": str(width), "MAN_KEEP_FORMATTING": "", "LC_ALL": "C.UTF-8", "PAGER": "cat"}
    done = subprocess.run(
        ["man", "--warnings", "-l", str(PAGE)], capture_output=True, text=True, env=environment, timeout=60, check=True
    )
    assert done.stderr == ""
    titles = [line for line in done.stdout.splitlines() if line[:1].isupper() and "K8SRESOLVE(1)" not in line]
    assert titles == [
        *("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "COMMON OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES"),
        *("EXAMPLES", "SEE ALSO"),
    ]
