"""A profile as a picture: who asks, and what the same lookups would ask. Needs matplotlib, of the extra `plots`."""

import io
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from k8sresolve._escaping import escaped
from k8sresolve.cli.profiling.profiles import Profile
from k8sresolve.cli.profiling.telling import ways
from k8sresolve.errors import ConfigError

SUFFIXES = (".svg", ".png")
_MOST = 8  # bars
_LONGEST = 40  # characters of a label
# As much lighter than a black page as darker than a white one: contrast 4.3 on both.
_INK = "#767b82"
_WASTED, _OTHER, _WAY = "#d97706", "#0e9384", "#7c6ff0"


def require() -> None:
    """Raise `ConfigError` where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise ConfigError("--plot needs matplotlib", advice="pip install 'k8sresolve[plots]'")


def plot(profile: Profile, path: str) -> None:
    """Write the picture, SVG or PNG by the file's name. Raises `ConfigError` where it cannot be written."""
    # It is typed in part, and not installed where types are checked.
    mpl: Any = import_module("matplotlib")
    figures: Any = import_module("matplotlib.figure")

    is_svg = path.endswith(".svg")
    settings: dict[str, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "k8sresolve",
        "text.parse_math": False,  # a name may have a $
        "font.size": 10,
        **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), _INK),
    }
    octets = io.BytesIO()
    with mpl.rc_context(settings):
        figure = figures.Figure(figsize=(7.5, 6.0), layout="constrained")
        upper, lower = figure.subplots(2, 1, height_ratios=(_MOST, len(ways(profile))))
        _draw_whos(upper, profile)
        _draw_ways(lower, profile)
        figure.savefig(
            octets,
            format="svg" if is_svg else "png",
            transparent=is_svg,
            dpi=150,
            metadata={"Date": None, "Creator": None} if is_svg else None,
        )
    try:
        Path(path).write_bytes(octets.getvalue())
    except (OSError, ValueError) as error:
        raise ConfigError(f"the plot {path!r} cannot be written: {error}") from None


def _draw_whos(axes: Any, profile: Profile) -> None:
    rows = profile.whos[:_MOST]
    labels = [_label(row.name) for row in rows]
    wasted = [row.wasted for row in rows]
    axes.barh(range(len(rows)), wasted, color=_WASTED, label="wasted on search lists")
    others = [row.questions - row.wasted for row in rows]
    bars = axes.barh(range(len(rows)), others, left=wasted, color=_OTHER, label="others")
    axes.bar_label(bars, labels=[f"{row.questions:,}" for row in rows], padding=3)
    _finish(axes, labels, "questions, by who asks")
    axes.legend(frameon=False, loc="lower right")


def _draw_ways(axes: Any, profile: Profile) -> None:
    told = ways(profile)
    bars = axes.barh(range(len(told)), list(told.values()), color=_WAY)
    axes.bar_label(bars, labels=[f"{count:,}" for count in told.values()], padding=3)
    _finish(axes, list(told), "questions, of the same lookups")


def _finish(axes: Any, labels: Sequence[str], title: str) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    axes.margins(x=0.14)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)


def _label(name: str) -> str:
    text = escaped(name)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
