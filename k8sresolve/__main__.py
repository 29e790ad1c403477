"""`python -m k8sresolve`."""

from k8sresolve.cli.main import entry

entry()
