"""Names under domains that are configured to be absolute: asked as typed only, as if a dot stood at their end."""

from __future__ import annotations

from collections.abc import Iterable

from k8sresolve._core.questions import is_under
from k8sresolve._core.search.rules import ENDED_BY_DOT, PolicyRules, Step
from k8sresolve.config import ResolverConfig, check_absolute
from k8sresolve.errors import ConfigError

VARIABLE = "K8SRESOLVE_ABSOLUTE"


def steps_for(name: str, config: ResolverConfig, policy: PolicyRules, rdtypes: tuple[int, ...]) -> Iterable[Step]:
    """Make a policy's steps for a name."""
    if not config.absolute or name.endswith("."):
        return policy.steps(name, config, rdtypes)
    dotted = f"{name}."
    domain = next((domain for domain in config.absolute if is_under(dotted, domain)), None)
    if domain is None:
        return policy.steps(name, config, rdtypes)
    why = f"names under {domain} are absolute"
    steps = policy.steps(dotted, config, rdtypes)
    return [step._replace(rule=step.rule.replace(ENDED_BY_DOT, why)) for step in steps]


def advice(name: str, config: ResolverConfig) -> str:
    """Say what to add, for the environment and in Python, that a name outside be asked as typed only.

    Empty for a name of one label, and where nothing can be meant by its domain.
    """
    labels = name.removesuffix(".").split(".")
    try:
        domain = check_absolute(".".join(labels[-2:] if len(labels) < 3 else labels[1:]))
    except ConfigError:
        return ""
    if len(labels) < 2:
        return ""
    domains = (*config.absolute, domain)
    listed = ", ".join(f'"{domain}"' for domain in domains)
    return (
        f"set {VARIABLE}={','.join(domains)}, or take attrs.evolve(load_config(), absolute=[{listed}]), for names "
        f"under {domain} to be asked as typed only"
    )


def stated(value: str) -> tuple[str, ...]:
    """Read the variable: domains, separated by commas. Raises `ConfigError`, which names it."""
    try:
        return tuple([check_absolute(domain) for part in value.split(",") if (domain := part.strip())])
    except ConfigError as error:
        raise ConfigError(f"{VARIABLE} in the environment: {error.problem}", advice=error.advice) from None
