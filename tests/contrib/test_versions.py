"""The table of clients, by which pages tell and `.ci/run` installs what adapters are tested with."""

import csv
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
OF_PYTHON = {"asyncio", "socket"}

with (ROOT / "docs/reference/clients.csv").open(newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("path", sorted((ROOT / "k8sresolve/contrib").glob("[!_]*.py")), ids=lambda path: path.stem)
def test_each_client_that_has_an_adapter_is_in_it(path):
    """By the name of its distribution, which begins with the adapter's: `prometheus-client`."""
    assert path.stem in OF_PYTHON or any(row["client"].startswith(path.stem) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["client"])
def test_its_versions_are_in_order(row):
    assert Version(row["lowest"]) <= Version(row["newest"])
