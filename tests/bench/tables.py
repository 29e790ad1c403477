"""What figures come to: medians over rounds, ratios within rounds, rows of a table."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

Figures = dict[str, Any]


class Table:
    """Figures of clients by what was measured, a round at a time."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], list[Figures]] = defaultdict(list)

    def add(self, what: str, client: str, figures: Figures) -> None:
        """Take in one round's, and show that it goes on."""
        self.rows[what, client].append(figures)

    def latencies(self) -> None:
        """Print, as Markdown, what lookups took and how many failed."""
        print("| measure | client | p50, ms | p95, ms | p99, ms | most, ms | lookups | failed |")
        print("|---|---|---|---|---|---|---|---|")
        for (what, client), runs in self.rows.items():
            middle = [f"{statistics.median(run[key] for run in runs):,.1f}" for key in ("p50", "p95", "p99")]
            most = f"{max(run['most'] for run in runs):,.0f}"
            lookups = f"{sum(run['count'] for run in runs):,}"
            failed = f"{sum(run['failed'] for run in runs):,}"
            print("|", " | ".join((what, client, *middle, most, lookups, failed)), "|")

    def errors(self) -> None:
        """Print what failed lookups said, the most frequent ones."""
        for (what, client), runs in self.rows.items():
            for text in {text for run in runs for text in run["errors"]}:
                print(f"  {what}, {client}: {text}")

    def ratios(self, mine: tuple[str, str], peer: tuple[str, str], figure: str) -> list[float]:
        """One round's figure over the peer's in the same round, for each round."""
        pairs = zip(self.rows[mine], self.rows[peer], strict=True)
        return [a[figure] / b[figure] for a, b in pairs]


def ratio(goal: str, what: str, ratios: Iterable[float], wanted: str) -> None:
    """Print a goal's ratio: the median, least and most of the rounds."""
    values = sorted(ratios)
    print(f"{goal:4} {what:66} {statistics.median(values):7.3f} ({values[0]:.3f}-{values[-1]:.3f})  goal {wanted}")
