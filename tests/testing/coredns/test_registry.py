"""The registry is in CoreDNS's order, and says one thing of each plugin and option."""

from k8sresolve.testing.coredns.registry import PLUGINS, SILENT

# The order of CoreDNS 1.14.7's plugin.cfg, as far as it concerns answers.
PLUGIN_CFG = [
    *(
        "metadata",
        "bufsize",
        "any",
        "loadbalance",
        "rewrite",
        "autopath",
        "acl",
        "cache",
        "header",
        "minimal",
        "template",
        "hosts",
    ),
    *("k8s_external", "kubernetes", "file", "forward", "view"),
]


def test_plugins_are_asked_in_coredns_order():
    names = [plugin.name for plugin in PLUGINS]
    assert names == sorted(names, key=PLUGIN_CFG.index)


def test_each_plugin_is_entered_once():
    names = [plugin.name for plugin in PLUGINS]
    assert len(set(names)) == len(names)
    assert SILENT.isdisjoint(names)


def test_an_option_is_modelled_or_without_effect():
    assert all(plugin.options.isdisjoint(plugin.without_effect) for plugin in PLUGINS)
