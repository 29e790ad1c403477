"""The manual page `docs/k8sresolve.1`, from the command's parser and the prose below.

`python -m tests.docs.manual` writes it anew.
"""

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from k8sresolve import __version__
from k8sresolve.cli import main

PAGE = Path(__file__).parents[2] / "docs/k8sresolve.1"

DESCRIPTION = """\
k8sresolve looks up Services, their ports and any other host in Kubernetes DNS, and tells why a name fails.

In a pod no option is needed. From a node or a laptop give --nameserver with the address of a CoreDNS pod. Without any \
cluster give manifests, by -f or -k, and what CoreDNS would answer is worked out from them.

Services are named `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc` or by their full name.
"""
ENVIRONMENT = {
    "LOCALDOMAIN": "The search list, in place of that of resolv.conf(5).",
    "RES_OPTIONS": "Options, after those of resolv.conf(5).",
    "K8SRESOLVE_NAMESPACE": "The namespace to ask from, where -n and --from do not tell.",
    "K8SRESOLVE_CLUSTER_DOMAIN": "The cluster domain, where --cluster-domain does not tell.",
    "K8SRESOLVE_TIMEOUT": "The seconds that a lookup may take, where --timeout does not tell.",
    "K8SRESOLVE_ABSOLUTE": "Domains, separated by commas, under which names are asked as typed only.",
    "NO_COLOR": "If it is set and not empty, no colours are shown (https://no-color.org).",
    "FORCE_COLOR": "If it is set and not empty, colours are shown where there is no terminal, too. "
    "NO_COLOR comes before it, --color before both.",
    "COLUMNS": "How wide the output is, where there is no terminal, too; there it has no end by default.",
}
FILES = {
    "/etc/resolv.conf": "The nameservers, the search list and ndots: see resolv.conf(5).",
    "/etc/hosts": "Hosts that are not asked about: see hosts(5).",
    "/var/run/secrets/kubernetes.io/serviceaccount/namespace": "The pod's namespace, where the search list does not "
    "tell.",
    ".k8sresolve.toml, pyproject.toml": "What check and lint are set to, in the latter's table [tool.k8sresolve]: the "
    "nearest, here or in a directory above.",
}
EXAMPLES = {
    "A Service and the number of its port:": "k8sresolve service payments.shop --port http",
    "Why a name is not found, asked from outside of a pod:": "k8sresolve --nameserver 10.244.0.2 explain payments.shop",
    "The pods of a headless Service, from manifests:": "k8sresolve -f deploy/ -n shop endpoints cassandra.data cql",
    "What does not fit in a chart:": "helm template . | k8sresolve -n shop check -",
    "Let an init container wait:": "k8sresolve wait payments.shop --port http --timeout 120",
}
SEE_ALSO = "resolv.conf(5), hosts(5), getaddrinfo(3), kubectl(1), dig(1)"

# What stands out: `words`, options, and pages of the manual.
_MARKED = re.compile(r"`([^`]+)`|((?<![\w-])--?[a-zA-Z][\w-]*)|\b([a-z][a-z._]+)(?=\(\d\))")


def roff(plain: str) -> str:
    """Write a text so that nothing in it is a request or an escape."""
    escaped = plain.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def bold(plain: str) -> str:
    return f"\\fB{roff(plain)}\\fR"


def italic(plain: str) -> str:
    return f"\\fI{roff(plain)}\\fR"


def prose(text: str) -> str:
    """Write prose in lines, a sentence in each, as roff wants them, and with what stands out in bold."""
    lines = re.split(r"(?<=[a-z`)\]]\.) (?=[A-Z\-`])", " ".join(text.split()))
    return "\n".join(map(_line, lines))


def _line(text: str) -> str:
    done, parts = 0, []
    for found in _MARKED.finditer(text):
        parts += [roff(text[done : found.start()]), bold(next(filter(None, found.groups())))]
        done = found.end()
    return "".join([*parts, roff(text[done:])]) if parts else roff(text)


def section(title: str, *parts: str) -> str:
    return "\n".join([f".SH {title}", *parts])


def entry(term: str, meaning: str) -> str:
    return f".TP\n{term}\n{prose(meaning)}"


def verbatim(text: str) -> str:
    """Write lines as they are."""
    return "\n".join([".PP", ".nf", *map(roff, text.split("\n")), ".fi"])


def is_common(group: Any) -> bool:
    return (group.title or "").startswith("common options")


def argument(action: argparse.Action) -> str:
    """Write what an argument is given as."""
    value = italic(str(action.metavar or "|".join(map(str, action.choices or ()))))
    if not action.option_strings:
        return value
    flags = ", ".join(map(bold, action.option_strings))
    return flags if action.nargs == 0 else f"{flags} {value}"


def help_of(action: argparse.Action) -> str:
    choices = ", ".join(map(str, action.choices or ()))
    told = (action.help or "") % {**vars(action), "choices": choices, "prog": "k8sresolve"}
    return f"{told[0].upper()}{told[1:]}."


def synopsis(name: str, own: Iterable[argparse.Action]) -> str:
    """Write a command's line, without the common options."""
    words = [bold(name)]
    for action in sorted(own, key=lambda one: bool(one.option_strings)):
        value = italic(str(action.metavar or "|".join(map(str, action.choices or ()))))
        if action.option_strings:
            flag = bold(action.option_strings[0])
            words.append(f"[{flag}]" if action.nargs == 0 else f"[{flag} {value}]")
        else:
            words.append(
                {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} [{value} ...]"}.get(str(action.nargs), value)
            )
    return " ".join(words)


def command(name: str, short: list[str], parser: Any) -> str:
    own = [
        action
        for group in parser._action_groups
        if not is_common(group)
        for action in group._group_actions
        if action.dest != "help" and action.help != argparse.SUPPRESS
    ]
    told = prose(parser.description)
    if short:
        told += f"\n{prose('For short: ' + ', '.join(f'`{word}`' for word in short) + '.')}"
    return "\n".join(
        [
            f".SS {synopsis(name, own)}",
            told,
            *(entry(argument(action), help_of(action)) for action in own),
            *([verbatim(textwrap.dedent(parser.epilogue()).strip())] if parser.epilogue else []),
        ]
    )


def commands(parser: Any) -> Iterator[str]:
    """Write each command with what it alone takes."""
    [group] = [action for action in parser._actions if action.nargs == argparse.PARSER]
    words: dict[int, list[str]] = {}
    for word, sub in group.choices.items():
        words.setdefault(id(sub), []).append(word)
    for sub in {id(sub): sub for sub in group.choices.values()}.values():
        name, *short = words[id(sub)]
        yield command(name, short, sub)


def written() -> str:
    """Write the page."""
    parser = main._parser()
    [common] = [group for group in parser._action_groups if is_common(group)]
    options = [entry(argument(action), help_of(action)) for action in (*parser._actions[:2], *common._group_actions)]
    statuses = parser.epilog.partition("greatest:\n")[2]
    parts = [
        f'.TH K8SRESOLVE 1 "" "k8sresolve {__version__}" "User Commands"',
        ".nh",
        ".ad l",
        section("NAME", "k8sresolve \\- look up Services and hosts in Kubernetes DNS, and tell why a name fails"),
        section(
            "SYNOPSIS", f"{bold('k8sresolve')} {italic('COMMAND')} [{italic('OPTION')} ...] [{italic('NAME')} ...]"
        ),
        section("DESCRIPTION", "\n.PP\n".join(map(prose, DESCRIPTION.split("\n\n")))),
        section("COMMANDS", *commands(parser)),
        section(
            "COMMON OPTIONS",
            prose("They stand before or after the command, which refuses those that mean nothing to it."),
            *options,
        ),
        section(
            "EXIT STATUS",
            *(
                entry(bold(number), f"{meaning[0].upper()}{meaning[1:].strip()}.")
                for number, meaning in re.findall(r"^  (\d)  (.*?)(?=^  \d|\Z)", statuses, re.DOTALL | re.MULTILINE)
            ),
            ".PP\n" + prose("Of several names it is the greatest."),
        ),
        section("ENVIRONMENT", *(entry(bold(name), meaning) for name, meaning in ENVIRONMENT.items())),
        section("FILES", *(entry(italic(name), meaning) for name, meaning in FILES.items())),
        section(
            "EXAMPLES",
            *(f".PP\n{prose(what)}\n.RS\n{verbatim(line)}\n.RE" for what, line in EXAMPLES.items()),
        ),
        section("SEE ALSO", prose(SEE_ALSO)),
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written())
