"""Measures beside peers, and long runs: `python -m tests.bench [WHAT]`.

Without WHAT it measures what each goal is about and prints one table: `--only G1,G2` names goals, `--quick` takes three
rounds of fewer lookups, `--json` prints all rounds.
`--instr` alone counts instructions, for which it needs valgrind: `--check` fails where one is more than 3 % above
`tests/bench/instructions.toml`, `--write` lowers those that fell, and with `--raise` takes those that rose.

All measures but `cluster` run in namespaces of their own, for which they need root, `taskset`, `ip` and
`unshare`, Knot DNS (`knotd`), and CoreDNS as `.ci/run` builds it. Peers that are not installed are left out. Soaks need
nothing, and end with status 1 where something did not hold.
"""

import argparse
import sys

from tests.bench import cluster, instructions, outage, rollouts, standing, ways, web
from tests.bench.machine import in_namespaces
from tests.bench.soaks import cancellations, cycles, forks, histories, lookups
from tests.bench.soaks import rollouts as rollouts_soak

# what, its rounds, its count in a round: lookups at most, restarts, callers, or seconds
MEASURES = {
    "loss": (ways.loss, 5, 2000),
    "failover": (ways.failover, 5, 800),
    "duplicates": (ways.duplicates, 3, 2000),
    "crowd": (ways.crowd, 5, 8000),
    "rollout": (rollouts.rollout, 3, 2),
    "outage": (outage.outage, 3, 20),
    "requests": (web.requests, 5, 20),
}
SOAKS = {
    "lookups": lookups,
    "cycles": cycles,
    "rollouts": rollouts_soak,
    "cancellations": cancellations,
    "forks": forks,
    "histories": histories,
}


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--instr", action="store_true", help="count instructions")
    counting = parser.add_mutually_exclusive_group()
    counting.add_argument("--check", action="store_true", help="fail where a count is above the file's")
    counting.add_argument("--write", action="store_true", help="write counts that fell to the file")
    parser.add_argument("--raise", dest="up", action="store_true", help="with --write: and those that rose")
    parser.add_argument("--page", action="store_true", help="write it to docs/explanation/performance.md, too")
    parser.add_argument("--only", type=lambda text: text.upper().split(","), default=standing.ALL, help="goals")
    parser.add_argument("--quick", action="store_true", help="three rounds of fewer lookups")
    parser.add_argument("--rounds", dest="table_rounds", type=int, help="by default 5")
    parser.add_argument("--json", action="store_true", help="print all figures")
    commands = parser.add_subparsers(dest="what")
    commands.add_parser("cluster", help=_first_line(cluster.__doc__))
    for name, (function, rounds, count) in MEASURES.items():
        command = commands.add_parser(name, help=_first_line(function.__doc__))
        command.add_argument("--rounds", type=int, default=rounds)
        command.add_argument("--count", type=int, default=count, help="of one client in a round")
        command.add_argument("--seed", type=int, default=1)
    soaks = commands.add_parser("soak", help="long runs, and what they leave").add_subparsers(
        dest="soak", required=True
    )
    for name, module in SOAKS.items():
        command = soaks.add_parser(name, help=_first_line(module.soak.__doc__))
        command.add_argument("--count", type=int, default=module.COUNT)
        command.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.instr:
        return instructions.main(check=asked.check, write=asked.write, up=asked.up, on_page=asked.page)
    if asked.what is None:
        if unknown := sorted(set(asked.only) - set(standing.ALL)):
            parser.error(f"--only: there is no goal {', '.join(unknown)}")
        extent = standing.Extent(asked.table_rounds or (3 if asked.quick else 5), 4 if asked.quick else 1)
        in_namespaces(lambda: standing.main(asked.only, extent, as_json=asked.json, on_page=asked.page))
        return 0
    if asked.what == "soak":
        return SOAKS[asked.soak].soak(asked.count, asked.seed)
    if asked.what == "cluster":
        cluster.main()
    else:
        function = MEASURES[asked.what][0]
        in_namespaces(lambda: function(asked.rounds, asked.count, asked.seed))
    return 0


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0].replace("%", "%%")


if __name__ == "__main__":
    sys.exit(main())
