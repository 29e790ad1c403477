"""What holds for all questions of a resolver, frozen; its ledger, which changes, is in `ledger.py`."""

from __future__ import annotations

from k8sresolve.config import CacheConfig, Nameserver, ResolverConfig

_ATTEMPTS = 2  # resolv.conf(5): RES_DFLRETRY


class Rules:
    """Whom to ask, how often, how many questions at once, and what to remember.

    `most_sends` for each nameserver and `limit` in seconds for a question are None unless the configuration states
    `attempts:` or `timeout:`. Nameservers none of which can be reached are asked again for `retry_unreachable` seconds
    of a lookup. `rotate` starts each question at another nameserver, `use_tcp` asks over TCP alone.
    """

    __slots__ = (
        "cache",
        "cluster_domain",
        "in_flight",
        "limit",
        "most_sends",
        "nameservers",
        "retry_unreachable",
        "rotate",
        "use_tcp",
    )

    def __init__(
        self,
        nameservers: tuple[Nameserver, ...],
        *,
        in_flight: int = 128,
        cache: CacheConfig = CacheConfig(),  # noqa: B008 - a frozen value
        cluster_domain: str | None = None,
        rotate: bool = False,
        use_tcp: bool = False,
        most_sends: int | None = None,
        limit: float | None = None,
        retry_unreachable: float = 0.0,
    ) -> None:
        self.nameservers: tuple[Nameserver, ...] = nameservers
        self.in_flight: int = in_flight
        self.cache: CacheConfig = cache
        self.cluster_domain: str | None = cluster_domain
        self.rotate: bool = rotate
        self.use_tcp: bool = use_tcp
        self.most_sends: int | None = most_sends
        self.limit: float | None = limit
        self.retry_unreachable: float = retry_unreachable

    @classmethod
    def of(cls, config: ResolverConfig, *, in_flight: int, cache: CacheConfig, retry_unreachable: float) -> Rules:
        """Lay down what a configuration states: resolv.conf(5), `options`."""
        limit = None
        if config.timeout is not None:
            # `timeout:` seconds for each of `attempts:` tries at each nameserver.
            tries = max(1, _ATTEMPTS if config.attempts is None else config.attempts)
            limit = float(max(1, config.timeout) * tries * len(config.nameservers))
        return cls(
            nameservers=config.nameservers,
            in_flight=in_flight,
            cache=cache,
            cluster_domain=config.cluster_domain,
            rotate="rotate" in config.flags,
            use_tcp="use-vc" in config.flags,
            most_sends=None if config.attempts is None else max(1, config.attempts),
            limit=limit,
            retry_unreachable=retry_unreachable,
        )
