"""What a resolv.conf states, before what it leaves open is filled in."""

from __future__ import annotations

import re

from k8sresolve._core.files.dialects import DialectRules
from k8sresolve._core.files.findings import Findings, TextLine, odd
from k8sresolve._core.files.search_list import look_at
from k8sresolve._escaping import told
from k8sresolve.config import Nameserver, ResolverConfig
from k8sresolve.errors import ConfigError

# resolv.conf(5), nameserver: up to MAXNS (3) are used. musl and Go have the same bound.
MAX_NAMESERVERS = 3


class Statements:
    """What a resolv.conf and the environment state, as one resolver reads them.

    `nameservers` are all that are named, on `nameserver_lines`, of which the first three are used, and `extra` is the
    line of the fourth.
    `search_is_fixed` by LOCALDOMAIN. `places` says where each option was read last, None for RES_OPTIONS.
    """

    def __init__(self, dialect: DialectRules, source: str, findings: Findings) -> None:
        self.dialect = dialect
        self.source = source
        self.findings = findings
        self.nameservers: list[Nameserver] = []
        self.nameserver_lines: list[TextLine] = []
        self.extra: TextLine | None = None
        self.search: list[str] = []
        self.search_line: TextLine | None = None
        self.search_is_fixed = False
        self.numbers: dict[str, int] = {}
        self.flags: set[str] = set()
        self.places: dict[str, TextLine | None] = {}

    def take_local_domain(self, value: str) -> None:
        """Let LOCALDOMAIN set the search list (resolv.conf(5)); a leading blank or an empty value gives the root."""
        first, *rest = re.split(r"[ \t]+", value.partition("\n")[0])
        self.search = [first, *filter(None, rest)]
        self.search_is_fixed = True

    def configure(self, hostname: str) -> ResolverConfig:
        """Fill in what is left open, look at the whole, and make the configuration.

        Raises `ConfigError` for a host name that is no text.
        """
        if not isinstance(hostname, str):
            raise ConfigError(f"hostname={told(hostname)} is no text", advice="leave it out, or give a name")
        if not self.search:
            self.search, self.search_line = list(self.dialect.host_domain(hostname)), None
        if self.findings.keeps:
            self._look_at_search()
        if self.extra:
            count = f"{len(self.nameservers)} nameservers are listed, and those from here on are ignored"
            self.findings.on_part(
                self.extra, lambda: odd("nameserver-beyond", count, f"keep the best {MAX_NAMESERVERS}")
            )
        used = self.nameservers[:MAX_NAMESERVERS] or [Nameserver(address) for address in self.dialect.fallback]
        return ResolverConfig(
            nameservers=tuple(used),
            search=tuple(self.search),
            ndots=self.numbers.get("ndots", 1),
            timeout=self.numbers.get("timeout"),
            attempts=self.numbers.get("attempts"),
            flags=frozenset(self.flags),
            source=self.source,
            diagnostics=self.findings.in_order(),
        )

    def _look_at_search(self) -> None:
        line = self.search_line
        variable = "LOCALDOMAIN" if self.search_is_fixed else ""
        for finding in look_at(self.search, "" if line is None else line.text):
            if line or variable:
                self.findings.add(finding, line, variable)
            else:
                self.findings.on_whole(finding)
