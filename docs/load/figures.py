"""The plots, once for a light page and once for a dark one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FOLDER = Path(__file__).parents[1] / "explanation/load-on-coredns"
WIDTH = 5.2  # inches, for a column of 360 to 700 px
_THEMES = {
    "light": {
        "ink": "#1f2328",
        "faint": "#c9ced6",
        "hues": ("#6b7280", "#b45309", "#7c3aed", "#0e7490", "#15803d", "#be185d"),
    },
    "dark": {
        "ink": "#e6e8eb",
        "faint": "#4b5563",
        "hues": ("#9ca3af", "#f59e0b", "#a78bfa", "#22d3ee", "#4ade80", "#f472b6"),
    },
}
Hues = Sequence[str]


def _draw(name: str, height: float, draw: Callable[[Axes, Hues], None]) -> None:
    for theme, colours in _THEMES.items():
        ink, faint = colours["ink"], colours["faint"]
        settings = {
            "svg.fonttype": "none",
            "svg.hashsalt": "k8sresolve",
            "font.family": "sans-serif",
            "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
            "font.size": 10.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": faint,
            "grid.color": faint,
            **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), ink),
            "legend.frameon": False,
        }
        with mpl.rc_context(settings):
            figure: Figure
            figure, axes = plt.subplots(figsize=(WIDTH, height), layout="constrained")
            axes.grid(axis="x" if height > 3.4 else "both", linewidth=0.5)
            axes.set_axisbelow(True)
            draw(axes, colours["hues"])
            FOLDER.mkdir(exist_ok=True)
            figure.savefig(FOLDER / f"{name}-{theme}.svg", transparent=True, metadata={"Date": None, "Creator": None})
            plt.close(figure)


def bars(name: str, groups: Mapping[str, Mapping[str, float]], label: str, told: Callable[[float], str]) -> None:
    """Draw a bar for each series in each group, from the top, with its number."""
    series = list(next(iter(groups.values())))

    def draw(axes: Axes, hues: Hues) -> None:
        thick = 0.8 / len(series)
        for number, one in enumerate(series):
            values = [group[one] for group in groups.values()]
            at = [place + (number - (len(series) - 1) / 2) * thick for place in range(len(groups))]
            drawn = axes.barh(at, values, thick * 0.92, color=hues[number % len(hues)], label=one)
            axes.bar_label(drawn, labels=[*map(told, values)], padding=3, fontsize=9)
        axes.set_yticks(range(len(groups)), list(groups))
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.margins(x=0.16)
        axes.set_xlabel(label)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)

    _draw(name, 1.2 + len(groups) * (0.2 + 0.22 * len(series)), draw)


def lines(
    name: str, series: Mapping[str, tuple[Sequence[float], Sequence[float]]], x: str, y: str, *, logarithmic: bool
) -> None:
    """Draw a line for each series."""

    def draw(axes: Axes, hues: Hues) -> None:
        for (title, (xs, ys)), hue in zip(series.items(), hues, strict=False):
            axes.plot(xs, ys, color=hue, label=title, linewidth=1.6, marker="o" if len(xs) < 20 else "", markersize=4)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        if logarithmic:
            ticks = next(iter(series.values()))[0]
            axes.set_xscale("log")
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
            axes.set_xticks([], minor=True)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)

    _draw(name, 3.4, draw)
