"""The plugins of CoreDNS that are modelled, and those that change nothing in what is answered.

To add one, write a module in `plugins/` that exports its `SPECIFICATION`, and enter that in `PLUGINS`.
"""

from k8sresolve.testing.coredns.plugins import (
    acl,
    autopath,
    bufsize,
    cache,
    file,
    forward,
    header,
    hosts,
    k8s_external,
    loadbalance,
    metadata,
    minimal,
    template,
    view,
)
from k8sresolve.testing.coredns.plugins import (
    any as any_,
)
from k8sresolve.testing.coredns.plugins.kubernetes import plugin as kubernetes
from k8sresolve.testing.coredns.plugins.rewrite import plugin as rewrite

PLUGINS = (
    metadata.SPECIFICATION,
    bufsize.SPECIFICATION,
    any_.SPECIFICATION,
    loadbalance.SPECIFICATION,
    rewrite.SPECIFICATION,
    autopath.SPECIFICATION,
    acl.SPECIFICATION,
    cache.SPECIFICATION,
    header.SPECIFICATION,
    minimal.SPECIFICATION,
    template.SPECIFICATION,
    hosts.SPECIFICATION,
    k8s_external.SPECIFICATION,
    kubernetes.SPECIFICATION,
    file.SPECIFICATION,
    forward.SPECIFICATION,
    view.SPECIFICATION,
)
"""In the order in which CoreDNS asks them (its `plugin.cfg`)."""

SILENT = frozenset(
    {"bind", "cancel", "debug", "dnstap", "errors", "health", "log", "loop", "multisocket", "pprof"}
    | {"prometheus", "ready", "reload", "root", "timeouts", "trace"}
)
"""Plugins without effect on what is answered. `root` says where files are."""
