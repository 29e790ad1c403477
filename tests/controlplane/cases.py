"""Send small objects one by one, and record what the API server takes, refuses and stores."""

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.controlplane import rows
from tests.controlplane.api import Answer, Api, Object

GONE_SECONDS = 30.0


def record(api: Api, single_stack: Api, case: Mapping[str, Any]) -> Object:
    """Make the row of a case: its `id` and `object`, and maybe objects that stand `before` it."""
    row = {key: case[key] for key in ("id", "before", "object") if key in case} | _outcome(api, case)
    if case["object"]["kind"] == "Service":
        alone = _outcome(single_stack, case)
        if alone != {key: value for key, value in row.items() if key in alone} or alone["accepted"] != row["accepted"]:
            row["single_stack"] = {key: alone[key] for key in ("accepted", "code", "causes", "stored") if key in alone}
    return row


def _outcome(api: Api, case: Mapping[str, Any]) -> Object:
    before = list(case.get("before", ()))
    for thing in before:
        api.create(thing)
    try:
        return _sent(api, case["object"])
    finally:
        for thing in before:
            _remove(api, thing)


def _sent(api: Api, thing: Object) -> Object:
    tried = api.create(thing, dry_run=True)
    if not tried.accepted:
        return _row(tried, thing)
    # A dry run sees neither addresses that are taken nor the range of node ports.
    made = api.create(thing)
    if not made.accepted:
        return {**_row(made, thing), "dry_run": "accepted"}
    _remove(api, {**thing, "metadata": made.body["metadata"]})
    return _row(made, thing)


def _row(answer: Answer, thing: Object) -> Object:
    warned = {"warnings": [rows.warning(text) for text in answer.warnings]} if answer.warnings else {}
    if not answer.accepted:
        return {"accepted": False, "code": answer.status, "causes": rows.causes(answer.body), **warned}
    kept = {"stored": rows.stored(answer.body["spec"], json.dumps(thing))} if thing["kind"] == "Service" else {}
    return {"accepted": True, **kept, **warned}


def _remove(api: Api, thing: Object) -> None:
    """Delete an object, and wait until its name is free. A namespace goes in its own time."""
    api.delete(thing)
    deadline = time.monotonic() + GONE_SECONDS
    while thing["kind"] != "Namespace" and not api.gone(thing) and time.monotonic() < deadline:
        time.sleep(0.05)
