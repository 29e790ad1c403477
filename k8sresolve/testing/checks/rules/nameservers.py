"""Corefiles of nameservers that the manifests have: whether CoreDNS starts with them, and whom they ask for what."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.nameservers import Nameserver
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.coredns.assemble import refusal
from k8sresolve.testing.coredns.corefile import Token
from k8sresolve.testing.coredns.plugins.forward import Target, read_target
from k8sresolve.testing.coredns.values import is_unfilled, looks_unfilled
from k8sresolve.testing.objects.kinds import ConfigMap, Secret

_STARTS_NOT = "CoreDNS does not start"
_RESOLV_CONF = "/etc/resolv.conf"
_LIKE = 0.9
_NAMED_PORTS = frozenset({"domain", "domain-s", "https"})  # which Go finds in /etc/services


def check_starts(config: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Whether CoreDNS starts with the Corefile."""
    nameserver = around.nameservers.of(config)
    if nameserver is None or not nameserver.is_current:
        return
    error = refusal(nameserver.config, nameserver.key, around.store, around.settings)
    is_own = error is not None and error.file == "Corefile"
    if error is not None and not (is_own and _is_template(nameserver, error.line)):
        place = f"line {error.line} of it" if is_own else f"{error.file}, line {error.line}"
        told = error.problem.removeprefix(f"{_STARTS_NOT}: ")
        line = error.line if is_own else None
        problem = f"{_STARTS_NOT}: {told} ({place})"
        yield nameserver.finding(
            "corefile-refused", "error", line, problem, "correct it, as its pages in the manual say"
        )


def check_forwards(config: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Whether `forward` leads to what can be asked: a port, and a file or name that may be there."""
    nameserver = around.nameservers.of(config)
    for directive in () if nameserver is None else nameserver.directives:
        for word in directive.arguments[1:] if directive.name == "forward" else ():
            if nameserver is not None and not is_unfilled(word):
                yield from _of_target(nameserver, word, read_target(word))


def _is_template(nameserver: Nameserver, line: int | None) -> bool:
    lines = nameserver.config.data[nameserver.key].split("\n")
    return line is not None and looks_unfilled(lines[line - 1] if line <= len(lines) else "")


def _of_target(nameserver: Nameserver, word: Token, target: Target) -> Iterator[Finding]:
    place = f"line {word.line} of it"
    if target.port is not None and target.port not in _NAMED_PORTS and not _is_port(target.port):
        told = f"{word.text} ({place}) has no port that there is: each question that is forwarded there fails"
        yield nameserver.finding(
            "corefile-forward", "error", word.line, told, "write a port from 1 to 65535, or none for the usual"
        )
    elif target.is_path and _is_slip(target.host):
        told = f"{target.host} ({place}) is no file that a pod has: CoreDNS does not start without it"
        yield nameserver.finding(
            "corefile-forward", "warning", word.line, told, f"write {_RESOLV_CONF}, or mount that file"
        )
    elif not (target.is_address or target.is_path or "." in target.host or target.host == "localhost"):
        told = (
            f"{word.text} ({place}) is neither an address nor a path: CoreDNS takes it for the name of a nameserver, "
            "looks it up when it starts, and does not start where that fails (before 1.14.4, never)"
        )
        yield nameserver.finding("corefile-forward", "warning", word.line, told, f"write an address, or {_RESOLV_CONF}")


def _is_port(text: str) -> bool:
    """Whether it is one, or what stands behind the colon of a scheme that CoreDNS does not know."""
    return "/" in text or (text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 1 << 16)


def _is_slip(path: str) -> bool:
    """Whether a path is likely to be a slip for that of resolv.conf, and not a file beside it."""
    is_near = abs(len(path) - len(_RESOLV_CONF)) <= 1
    return is_near and path != _RESOLV_CONF and SequenceMatcher(None, path, _RESOLV_CONF).ratio() >= _LIKE
