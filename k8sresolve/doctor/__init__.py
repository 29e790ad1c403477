"""Judges this machine's DNS as programs in a cluster need it: without privilege, and with at most 100 questions.

It asks each nameserver by itself, over UDP and TCP and with several sizes of replies, which a resolver chooses itself.
Nothing is written, and nothing is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import attrs

from k8sresolve._core.lookups.hosts import is_localhost, literal
from k8sresolve._drivers.clock import monotonic
from k8sresolve._system import RESOLV_CONF
from k8sresolve.config import Nameserver, ResolverConfig, check_config, optional_domain, optional_namespace
from k8sresolve.doctor.exchanges import Asker
from k8sresolve.doctor.judging import RULES, Case, findings
from k8sresolve.doctor.origins import origins_of
from k8sresolve.doctor.questions import Examination, Seen, domains_of, examination, planned
from k8sresolve.doctor.records import Check, Diagnosis, Mark, Place, ResponseTimes, State
from k8sresolve.doctor.surroundings import look_around
from k8sresolve.doctor.telling import checks, response_times
from k8sresolve.doctor.verdicts import state_of, together, verdict
from k8sresolve.errors import ConfigError, InvalidName
from k8sresolve.names import check_hostname

__all__ = ["EXTERNAL", "RULES", "Check", "Diagnosis", "Mark", "Place", "ResponseTimes", "State", "examine"]

EXTERNAL = "example.com."
"""The name outside that is asked for where none is given: it is there for documentation (RFC 2606), and stays there.

>>> from k8sresolve.doctor import EXTERNAL
>>> EXTERNAL
'example.com.'
"""


def examine(
    config: ResolverConfig | None = None,
    *,
    nameserver: str | Nameserver | None = None,
    resolv_conf: str | os.PathLike[str] = RESOLV_CONF,
    namespace: str | None = None,
    cluster_domain: str | None = None,
    external: str | None = None,
    progress: Callable[[int, int], object] = lambda _done, _planned: None,
) -> Diagnosis:
    """Examine the nameservers of a configuration: by default, of this machine's resolv.conf, which is judged, too.

    It takes up to 20 seconds where nameservers are silent, and far less than one where they are not. What is wrong with
    DNS is told, not raised.

    Args:
        config: What to examine. None: what `resolv_conf` says.
        nameserver: Whom to ask in place of the nameservers that the configuration has; elsewhere than in a pod,
            `/etc/resolv.conf` has nothing to do with that, and is left aside. None for those.
        resolv_conf: The file to examine and to judge.
        namespace: The namespace. None: what the configuration tells.
        cluster_domain: The cluster domain. None: what the configuration tells.
        external: A name outside that must be there. None: `EXTERNAL` is asked for, and that it is not found is no
            fault.
        progress: Called with how many questions have been answered or given up, and about how many there are.

    Raises:
        ConfigError: As `load_config` does, or there is no nameserver.
        InvalidName: `external` can be no host name, is an address or `localhost`, or stands in the hosts file.

    >>> from k8sresolve import ResolverConfig
    >>> from k8sresolve.doctor import examine
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").serve() as server:
    ...     config = ResolverConfig.for_cluster(server.nameserver, namespace="shop")
    ...     diagnosis = examine(config)
    ...
    >>> diagnosis.state
    'sound'
    """
    # Where they are found as it is called: tests put others in their place.
    from k8sresolve._system import lint_config, load_config

    begun = monotonic()
    around = look_around()
    is_own = config is None
    is_made = is_own and nameserver is not None and resolv_conf == RESOLV_CONF and not around.in_pod
    if is_made:
        config = ResolverConfig()
    config = load_config(resolv_conf) if config is None else check_config(config)
    if nameserver is not None:
        config = attrs.evolve(config, nameservers=(nameserver,))
    if not config.nameservers:
        raise ConfigError("the configuration has no nameserver", advice="give at least one in nameservers=")
    origins = origins_of(config, from_file=is_own, namespace=namespace, cluster_domain=cluster_domain)
    config = attrs.evolve(
        config,
        namespace=optional_namespace(namespace) or config.namespace,
        cluster_domain=optional_domain(cluster_domain) or config.cluster_domain,
    )
    outside = EXTERNAL if external is None else _outside(external, config)
    count = planned(len(config.nameservers), len(domains_of(config, in_pod=around.in_pod)))
    asker = Asker(progress=lambda done: progress(done, max(done, count)))
    seen = _carry_out(examination(config, outside, in_pod=around.in_pod, api=around.api), asker)
    case = Case(config, seen, around, external is not None, is_made)
    linted = lint_config(resolv_conf) if is_own and nameserver is None else None
    found = together(findings(case), linted or (), seen)
    domain = config.cluster_domain or seen.domain
    return Diagnosis(
        state=state_of(seen, found),
        verdict=verdict(case, found),
        place=around.place,
        namespace=config.namespace,
        namespace_from=origins.namespace,
        cluster_domain=domain,
        cluster_domain_from=origins.cluster_domain or ("answered" if domain else ""),
        checks=tuple(checks(case, found, linted, origins)),
        findings=found,
        times=response_times(seen),
        questions=asker.sent,
        seconds=round(monotonic() - begun, 3),
    )


def _outside(name: str, config: ResolverConfig) -> str:
    """Return a name outside as it is asked for; raises `InvalidName` for what a libc asks no nameserver about."""
    bare = check_hostname(name).removesuffix(".")
    if literal(bare) is not None:
        why = "an address is not asked for"
    elif is_localhost(bare):
        why = "it is this machine's own name, and not asked for"
    elif any(bare.lower() == known for known, _ in config.hosts):
        why = "it stands in the hosts file, and is not asked for"
    else:
        return f"{bare}."
    raise InvalidName(name, why, advice="give a name that a nameserver outside must know, such as example.com")


def _carry_out(steps: Examination, asker: Asker) -> Seen:
    try:
        asks = next(steps)
        while True:
            asks = steps.send(asker.ask(asks))
    except StopIteration as end:
        seen: Seen = end.value
        return seen
