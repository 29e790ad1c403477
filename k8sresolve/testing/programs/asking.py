"""How a program in a pod finds a host, told by the name that answered."""

import re

from k8sresolve._facade import Options
from k8sresolve.errors import Error, NotFound
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.programs.resolvers import OfflineResolver, Place

_SRV = re.compile(r"_[^.]+\._[^.]+\.")


def ask(place: Place, clock: Clock, host: str) -> str | None:
    """Look a host up as glibc does: the absolute name that answered, None where none does.

    Empty where no nameserver was needed, and where none could be asked: then nothing is known.
    """
    with OfflineResolver(place, clock, Options(policy="glibc")) as resolver:
        try:
            if _SRV.match(host):
                return resolver.lookup(host, "SRV").candidate
            return resolver.addresses(host).candidate
        except NotFound:
            return None
        except Error:
            return ""
