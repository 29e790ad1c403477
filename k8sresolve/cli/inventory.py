"""`inventory`: what a cluster has, in a small file that `check --inventory` holds names against."""

import argparse
from typing import TYPE_CHECKING

from k8sresolve.cli.files import read_bounded
from k8sresolve.cli.forms import send
from k8sresolve.cli.manifests import sources, standard_input
from k8sresolve.cli.options import Commands
from k8sresolve.errors import ConfigError

if TYPE_CHECKING:
    from k8sresolve.testing import Inventory

_DETAILS = """\
Reads `kubectl get ns,svc,endpointslices -A -o json`, from a file or by a pipe, and keeps the names of namespaces, the
names, types and ports of Services, and the hostnames of their endpoints: no Secret, environment, label or annotation,
so that the file may lie beside the manifests. Asks no cluster by itself. Exit status: 0, or 2 for what cannot be used.
"""
_MOST_BYTES = 64 << 20


def register(commands: Commands) -> None:
    """Add the subcommand."""
    inventory = commands.add(
        "inventory", "write down what a cluster has, for `check --inventory`", _inventory, _DETAILS, takes=()
    )
    inventory.add_argument("path", metavar="FILE", nargs="?", default="-", help="what kubectl printed (default: `-`)")
    inventory.add_argument(
        "-o", "--output", metavar="FILE", dest="file", help="where to write it (default: standard output)"
    )


def _inventory(args: argparse.Namespace) -> int:
    from k8sresolve.testing import Inventory

    args.more_manifests = [*args.more_manifests, args.path]
    written = Inventory.from_manifests(*sources(args)).to_json()
    send(written, args.file or "")
    return 0


def read_inventory(args: argparse.Namespace, path: str) -> "Inventory":
    """Read the file that `check` is given, or standard input. Raises `ConfigError`."""
    from k8sresolve.testing import Inventory

    stream = standard_input(args) if args.inventory == "-" else None
    advice = "write it with `k8sresolve inventory`"
    data = read_bounded(path, _MOST_BYTES, called="inventory", advice=advice, stream=stream)
    try:
        return Inventory.from_json(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.problem}", advice=error.advice) from None
