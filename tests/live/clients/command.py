"""Inside a sandbox: run commands, one after the other, and print how each ended: `[[status, output, errors], ...]`."""

import json
import subprocess
import sys


def run(argv: list[str]) -> tuple[int, str, str]:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


if __name__ == "__main__":
    json.dump([run(argv) for argv in json.load(sys.stdin)], sys.stdout)
