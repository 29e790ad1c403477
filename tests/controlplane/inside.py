"""Inside a sandbox with a control plane: send what standard input has, as JSON, and print what came of it."""

import json
import sys
import time
from typing import Any

from tests.controlplane import cases, empty, worlds
from tests.controlplane.api import Api
from tests.controlplane.parts import SINGLE_STACK_PORT

NODES = [
    {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": f"node-{number}",
            "labels": {"kubernetes.io/hostname": f"node-{number}", "topology.kubernetes.io/zone": f"zone-{number}"},
        },
        "spec": {
            "podCIDR": f"10.244.{number}.0/24",
            "podCIDRs": [f"10.244.{number}.0/24", f"fd00:10:244:{number}::/64"],
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"10.0.0.1{number}"},
                {"type": "InternalIP", "address": f"fd00:10::1{number}"},
                {"type": "Hostname", "address": f"node-{number}"},
            ]
        },
    }
    for number in (1, 2)
]
# That a name is taken is one of the cases.
TAKEN = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
BUILT_IN_SECONDS = 10.0


def record(given: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Make a recording of the cases, and of each list of worlds."""
    with Api() as api, Api(SINGLE_STACK_PORT) as single_stack:
        api.wait()
        single_stack.wait()
        time.sleep(BUILT_IN_SECONDS)  # controllers add to what the API server makes of itself
        built_in = empty.record(api)
        for thing in (*NODES, TAKEN):
            api.create(thing)
        worlds.wait_until_quiet(api)
        made = [cases.record(api, single_stack, case) for case in given["cases"]]
        worlds.wait_until_quiet(api)
        changing = ("worlds", "random", "changes")
        became = worlds.record(api, [world for name in changing for world in given[name]])
    by_id = {row["id"]: row for row in became}
    return {
        "empty": built_in,
        "cases": made,
        **{name: [by_id[world["id"]] for world in given[name]] for name in changing},
    }


if __name__ == "__main__":
    json.dump(record(json.load(sys.stdin)), sys.stdout)
