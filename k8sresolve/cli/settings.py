"""What a project sets for `check` and `lint`: `.k8sresolve.toml`, or `[tool.k8sresolve]` in pyproject.toml."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import attrs

from k8sresolve._escaping import told
from k8sresolve._rule_ids import unknown
from k8sresolve.cli.files import read_bounded
from k8sresolve.errors import ConfigError
from k8sresolve.findings import SEVERITIES, Finding, Severity, worst_first

_OWN, _SHARED = ".k8sresolve.toml", "pyproject.toml"
_KEYS = ("select", "ignore", "severity", "inventory")


@attrs.frozen
class Settings:
    """Which rules count, and how much, by patterns, as `port-*`; and the file that tells what the cluster has."""

    select: tuple[str, ...] = ("*",)
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = attrs.field(factory=dict[str, Severity])
    inventory: str | None = None

    def apply(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Leave out what does not count, and weigh what does; the worst comes first."""
        return worst_first(self._counted(findings))

    def _counted(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            if _is_named(finding.rule, self.select) and not _is_named(finding.rule, self.ignore):
                weights = [weight for pattern, weight in self.severity.items() if fnmatchcase(finding.rule, pattern)]
                yield attrs.evolve(finding, severity=weights[-1]) if weights else finding


def _is_named(rule: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(rule, pattern) for pattern in patterns)


def settings(given: str | None) -> Settings:
    """Read the file that is given, or else the nearest from here upwards. Raises `ConfigError`."""
    if given is not None:
        return _of_table(given, _table(Path(given)) or {})
    try:
        here = Path.cwd()
    except OSError:
        return Settings()
    for folder in (here, *here.parents):
        for path in (folder / _OWN, folder / _SHARED):
            table = _table(path) if path.is_file() else None
            if table is not None:
                return _of_table(str(path), table)
    return Settings()


def _table(path: Path) -> dict[str, Any] | None:
    """Read the table that is meant; None where the file, which is for other programs too, has none."""
    import tomllib

    data = read_bounded(str(path))
    try:
        read = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{str(path)!r} is not TOML: {error}") from None
    if path.name != _SHARED:
        return read
    tool = read.get("tool")
    table = cast("dict[str, Any]", tool).get("k8sresolve") if isinstance(tool, dict) else None
    return cast("dict[str, Any]", table) if isinstance(table, dict) else None


def _of_table(file: str, table: dict[str, Any]) -> Settings:
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"{file}: {told(key)} is no setting", advice=f"the settings are {', '.join(_KEYS)}")
    return Settings(
        select=_patterns(file, "select", table.get("select", ["*"])),
        ignore=_patterns(file, "ignore", table.get("ignore", [])),
        severity=_severity(file, table.get("severity", {})),
        inventory=_beside(file, table.get("inventory")),
    )


def _patterns(file: str, key: str, value: object) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(item, str) for item in items):
        raise ConfigError(f"{file}: {key} is no list of rules", advice=f'write {key} = ["port-unnamed"]')
    return tuple(_known(file, key, str(item)) for item in items)


def _known(file: str, key: str, pattern: str) -> str:
    """Take a pattern that names a rule. Raises `ConfigError` for another, by which nothing would be left out."""
    if problem := unknown(pattern):
        raise ConfigError(f"{file}: {key}: {problem}", advice="write the id of a rule, as a finding has it")
    return pattern


def _beside(file: str, value: object) -> str | None:
    """Read the path of a file, which counts from where the settings are."""
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{file}: inventory is no path", advice='write inventory = "cluster.json"')
    return str(Path(file).parent / value)


def _severity(file: str, value: object) -> dict[str, Severity]:
    table = cast("dict[str, object]", value) if isinstance(value, dict) else {"": None}
    found: dict[str, Severity] = {}
    for pattern, weight in table.items():
        known: Severity | None = next((each for each in SEVERITIES if each == weight), None)
        if known is None:
            advice = f'write severity = {{ port-unnamed = "warning" }}; it is one of {", ".join(SEVERITIES)}'
            raise ConfigError(f"{file}: severity of {told(pattern)} is {told(weight)}", advice=advice)
        found[_known(file, "severity", pattern)] = known
    return found
