"""Fuzzing by a seed: `python -m tests.fuzz --packets 1000000 --seed 1`.

Each packet is made of the seed and its number alone, so that one that failed is made again by itself. It goes through
the reader; every 50th goes through the whole client, with every 500th a changed file of each kind is read, and every
1,000th is cut as a frame at each place. A thousand that take a minute are a hang, which ends the run with a traceback.
"""

import argparse
import faulthandler
import sys
import time

from tests.fuzz.running import Fuzzer

_HANG = 60  # seconds for a thousand packets, which take a fifth of a second


def main() -> None:
    """Run, and say in the last line what was done."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first packet")
    arguments = parser.parse_args()
    fuzzer = Fuzzer(arguments.seed)
    began = time.process_time()
    for number in range(arguments.first, arguments.first + arguments.packets):
        if number % 1000 == 0:
            faulthandler.dump_traceback_later(_HANG, exit=True)
        try:
            fuzzer.try_packet(number)
        except BaseException:
            sys.stderr.write(f"again: python -m tests.fuzz --seed {arguments.seed} --first {number} --packets 1\n")
            raise
    faulthandler.cancel_dump_traceback_later()
    spent = time.process_time() - began
    sys.stdout.write(f"fuzz: seed {arguments.seed}, {fuzzer.summary()}; {spent:.0f} s of CPU\n")


if __name__ == "__main__":
    main()
