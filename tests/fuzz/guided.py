"""Coverage-guided runs with atheris: `python -m tests.fuzz.guided TARGET FOLDER [options of libFuzzer]`.

`pip install atheris` first: 3.0 has a wheel for Python 3.11, 3.1 for 3.12 and 3.13, for Linux on x86-64. A target is
`reply`, `client` or a kind of file. The inputs that it begins with, which are the zoo, the recorded answers and the
files that the other runs change, are written to the folder, and so is what it finds. `-max_total_time=60` ends it after
a minute; without it, it runs until something fails, and leaves that input in a file `crash-...`, which is run again
where its name is given as an option.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["k8sresolve"]):
    from k8sresolve._core.questions import A, Question
    from k8sresolve._core.wire.names import Malformed, Unsendable, expand_name, name_text
    from tests.fuzz import clients, files
    from tests.fuzz.goldens import goldens
    from tests.fuzz.packets import Packet
    from tests.fuzz.running import check_reader
    from tests.fuzz.zoo import zoo

WEB = Question("web.shop.svc.cluster.local.", A)


def as_packet(data: bytes) -> Packet:
    """Take octets for the reply to the question that they carry, or, without one, to one of ours."""
    try:
        name, behind = expand_name(data, 12)
        packet = Packet("guided", data, Question(name_text(name), int.from_bytes(data[behind : behind + 2], "big")))
        packet.query  # noqa: B018
    except (IndexError, Malformed, Unsendable):
        return Packet("guided", data, WEB)
    return packet


def _reply(data: bytes) -> None:
    check_reader(as_packet(data))


def _client(data: bytes) -> None:
    packet = as_packet(data)
    for manner in clients.MANNERS:
        clients.look_up(packet, manner, packet.query[:2] + b"\x81\x83" + packet.query[4:])


def _messages() -> list[bytes]:
    return [packet.message for packet in (*zoo(), *goldens()) if len(packet.message) < 2000]


def _target(name: str) -> tuple[Callable[[bytes], object], Iterable[bytes]]:
    if name in files.KINDS:
        originals, read = files.KINDS[name]
        return read, originals
    return {"reply": _reply, "client": _client}[name], _messages()


def main() -> None:
    """Run until libFuzzer ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target", choices=["reply", "client", *files.KINDS])
    parser.add_argument("folder", type=Path)
    arguments, options = parser.parse_known_args()
    run, seeds = _target(arguments.target)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (arguments.folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *options, str(arguments.folder)], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
