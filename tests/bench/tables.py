"""What figures come to: medians over rounds, ratios within rounds, rows of a table."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
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
        """Print, as Markdown, what lookups took in all rounds, and how many failed."""
        print("| measure | client | p50, ms | p95, ms | p99, ms | most, ms | lookups | failed |")
        print("|---|---|---|---|---|---|---|---|")
        for (what, client), runs in self.rows.items():
            took = [one for run in runs for one in run["milliseconds"]]
            figures = [f"{percentile(took, part):,.1f}" for part in (50, 95, 99)] + [f"{max(took):,.0f}"]
            failed = f"{sum(run['failed'] for run in runs):,}"
            print("|", " | ".join((what, client, *figures, f"{len(took):,}", failed)), "|")

    def errors(self) -> None:
        """Print what failed lookups said, the most frequent ones."""
        for (what, client), runs in self.rows.items():
            for text in {text for run in runs for text in run["errors"]}:
                print(f"  {what}, {client}: {text}")

    def ratios(self, mine: tuple[str, str], peer: tuple[str, str], figure: str) -> list[float]:
        """One round's figure over the peer's in the same round, for each round."""
        pairs = zip(self.rows[mine], self.rows[peer], strict=True)
        return [a[figure] / b[figure] for a, b in pairs]

    def beside(self, mine: tuple[str, str], peer: tuple[str, str], part: int) -> tuple[float, list[float]]:
        """A percentile of all rounds' lookups over the peer's, and the ratio in each round.

        A round alone has too few lookups about a 99th percentile: twenty in 2,000.
        """
        mine_took, peer_took = ([run["milliseconds"] for run in self.rows[key]] for key in (mine, peer))
        rounds = [percentile(a, part) / percentile(b, part) for a, b in zip(mine_took, peer_took, strict=True)]
        return percentile([*chain(*mine_took)], part) / percentile([*chain(*peer_took)], part), rounds


def percentile(values: Sequence[float], part: int) -> float:
    """The value that so many in a hundred do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]
