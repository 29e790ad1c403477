"""How a program in a pod finds a host, told by the name that answered."""

import re

from k8sresolve._facade import Options
from k8sresolve.config import Policy
from k8sresolve.errors import Error, NotFound
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.programs.resolvers import OfflineResolver, Place

_SRV = re.compile(r"_[^.]+\._[^.]+\.")


def ask(place: Place, clock: Clock, host: str) -> str | None:
    """Look a host up as glibc does: the absolute name that answered, None where none does.

    Empty where no nameserver was needed, and where none could be asked: then nothing is known.
    """
    # The policy `kubernetes` finds the same with fewer questions, but for names that a Corefile alone makes.
    found = _ask(place, clock, host, "kubernetes")
    return _ask(place, clock, host, "glibc") if found is None else found


def _ask(place: Place, clock: Clock, host: str, policy: Policy) -> str | None:
    with OfflineResolver(place, clock, Options(policy=policy)) as resolver:
        try:
            if _SRV.match(host):
                return resolver.lookup(host, "SRV").candidate
            return resolver.addresses(host).candidate
        except NotFound:
            return None
        except Error:
            return ""
