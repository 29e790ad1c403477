"""Inside a sandbox: the same lookups by a real resolver's program and by this library, all of them at once.

Reads `{"programs": {policy: path}, "lookups": {policy: {"theirs": [[call, name], ...], "ours": [...]}}}`; prints
`{policy: {"theirs": [[error, [data, ...]], ...], "ours": [...]}}`, where the error is the program's, or the outcome as
`explain()` tells it.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

FAMILIES = {"inet": "ipv4", "inet6": "ipv6", "unspec": "both"}
# `Resolver.lookup()` raises; these are the outcomes behind.
ERRORS = {
    "NoSuchName": "nxdomain",
    "NoData": "nodata",
    "LookupTimeout": "timeout",
    "ServerFailure": "servfail",
    "InvalidName": "unsendable",
}
SECONDS = 60.0


def theirs(program: str, lookups: list[list[str]]) -> list[Any]:
    text = "".join(f"{call} {name}\n" for call, name in lookups)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True, timeout=90)
    results = []
    for (call, name), line in zip(lookups, done.stdout.splitlines(), strict=True):
        *asked, error, data = line.split(" ")
        assert asked == [call, name]
        results.append([None if error == "-" else error, [] if data == "-" else sorted({*data.split(",")})])
    return results


def rcode(problem: str) -> str:
    """Take the rcode that an error names in parentheses."""
    found = re.search(r"\((REFUSED|NOTIMP|FORMERR)\)", problem)
    return found[1].lower() if found else problem


def ours(policy: str, lookups: list[list[str]]) -> list[Any]:
    from k8sresolve import ResolveError, Resolver

    resolvers = {family: Resolver(policy=policy, family=family, timeout=SECONDS) for family in FAMILIES.values()}

    def look_up(lookup: list[str]) -> list[Any]:
        call, name = lookup
        if call != "srv":
            told = resolvers[FAMILIES[call]].explain(name)
            return [None if told.outcome == "found" else told.outcome, sorted(map(str, told.addresses))]
        try:
            records = resolvers["both"].lookup(name, "SRV").records
        except ResolveError as error:
            return [ERRORS.get(type(error).__name__) or rcode(error.problem), []]
        return [None, sorted(record.replace(" ", ":").removesuffix(".") for record in records)]

    try:
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(look_up, lookups))
    finally:
        for resolver in resolvers.values():
            resolver.close()


def main() -> None:
    plan = json.load(sys.stdin)
    with ThreadPoolExecutor(2 * len(plan["programs"])) as pool:
        started = {
            policy: {
                "theirs": pool.submit(theirs, program, plan["lookups"][policy]["theirs"]),
                "ours": pool.submit(ours, policy, plan["lookups"][policy]["ours"]),
            }
            for policy, program in plan["programs"].items()
        }
        results = {policy: {who: future.result() for who, future in both.items()} for policy, both in started.items()}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
