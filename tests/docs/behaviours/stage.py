"""In namespaces of their own: scripted nameservers at 127.0.0.1:53 and the next addresses, and the peers that ask them.

`python -m tests.docs.behaviours.stage`, as process 1 in there, reads names of scenarios, a line each, and answers each
with a line of JSON: what every peer returned, what the nameservers were asked, and how long it took.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.docs.behaviours.asking import PEERS, calls_of, cannot, short
from tests.drivers.nameservers import Loopback
from tests.drivers.scenarios import SCENARIOS, Scenario
from tests.drivers.script import Playing
from tests.live.inside import make_machine

PATIENCE = 90.0  # seconds for all that a peer does in a scenario
NSSWITCH = "hosts: files dns\n"
HOSTS = "127.0.0.1\tlocalhost\n"


def resolv_conf(scenario: Scenario) -> str:
    config = dict(scenario.config)
    search = config.pop("search", ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local"))
    options = [f"ndots:{config.pop('ndots', 5)}", *config.pop("flags", ())]
    options += [f"{name}:{value}" for name, value in config.items()]
    servers = [f"nameserver {address}" for address in _addresses(scenario)]
    return "\n".join([f"search {' '.join(search)}", *servers, f"options {' '.join(options)}", ""])


def _addresses(scenario: Scenario) -> list[str]:
    return [f"127.0.0.{number}" for number in range(1, len(scenario.nameservers) + 1)]


def measured(scenario: Scenario, peer: str, loopback: Loopback) -> dict[str, Any]:
    """Run a scenario with a peer."""
    plan = {"calls": calls_of(scenario), "at_once": scenario.at_once}
    playing = [Playing(nameserver) for nameserver in scenario.nameservers]
    opened = loopback.open(playing, [(address, 53) for address in _addresses(scenario)])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.docs.behaviours.peers", peer],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"told": [], "asked": [dict(one.asked) for one in playing], "seconds": PATIENCE}
    finally:
        loopback.close(opened)
    if done.returncode:
        raise RuntimeError(f"{scenario.name}, {peer}: {done.stderr}")
    result = json.loads(done.stdout)
    return {
        "told": [short(told) for told in result["told"]],
        "asked": [dict(sorted(one.asked.items())) for one in playing],
        "seconds": round(result["seconds"], 1),
    }


def main() -> None:
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    loopback = Loopback()
    with tempfile.TemporaryDirectory() as folder:
        make_machine(Path(folder), [])
        Path("/etc/nsswitch.conf").write_text(NSSWITCH)
        Path("/etc/hosts").write_text(HOSTS)
        for line in sys.stdin:
            scenario = by_name[line.rstrip("\n")]
            Path("/etc/resolv.conf").write_text(resolv_conf(scenario))
            told = {peer: measured(scenario, peer, loopback) for peer in PEERS if not cannot(scenario, peer)}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
    loopback.stop()


if __name__ == "__main__":
    main()
