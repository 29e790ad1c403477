"""`python -m k8sresolve`."""

from __future__ import annotations

from k8sresolve.cli.main import entry

entry()
