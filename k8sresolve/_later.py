"""The modules of lookups, each loaded when a resolver first needs it: most programs need one or two."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8sresolve._core.lookups import endpoints, explaining, hosts, reverse, rrsets, services
else:

    class _Later:
        def __init__(self, module: str) -> None:
            self._module = module

        def __getattr__(self, name: str) -> Any:
            from importlib import import_module

            value = getattr(import_module(f"k8sresolve._core.lookups.{self._module}"), name)
            setattr(self, name, value)  # from now on as fast as a module's
            return value

    endpoints, explaining, hosts = _Later("endpoints"), _Later("explaining"), _Later("hosts")
    reverse, rrsets, services = _Later("reverse"), _Later("rrsets"), _Later("services")

__all__ = ["endpoints", "explaining", "hosts", "reverse", "rrsets", "services"]
