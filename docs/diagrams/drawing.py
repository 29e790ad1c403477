"""Boxes, arrows and text as SVG, in one column that is read on a screen of 400 pixels, in light and dark."""

from collections.abc import Iterable, Mapping
from html import escape

WIDTH = 440
MARGIN = 12
LINE = 18  # pixels from one line of text to the next
INSET = 10  # of text in a box
COLOURS: Mapping[str, Mapping[str, str]] = {
    "light": {
        "ground": "#f6f8fa",
        "box": "#ffffff",
        "edge": "#d0d7de",
        "text": "#1f2328",
        "dim": "#59636e",
        "good": "#0a6640",
        "bad": "#b3261e",
        "accent": "#0b57d0",
    },
    "dark": {
        "ground": "#161b22",
        "box": "#0d1117",
        "edge": "#3d444d",
        "text": "#e6edf3",
        "dim": "#a5adb8",
        "good": "#56d364",
        "bad": "#ff8f86",
        "accent": "#79b8ff",
    },
}
_SANS = "font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
_MONO = "font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

Line = str | tuple[str, str] | tuple[str, str, str, str]
"""A line of a box: its text; or that with its classes; or both, with a text at the right and its classes."""


class Drawing:
    """A picture that grows downwards: `y` is where the next thing stands."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.y = float(MARGIN)
        self._parts: list[str] = []
        self._behind: list[str] = []

    def text(self, x: float, y: float, text: str, classes: str = "") -> None:
        kept = escape(text, quote=False).replace("  ", "\N{NO-BREAK SPACE}" * 2)
        self._parts.append(f'<text x="{x:g}" y="{y:g}" class="{classes}">{kept}</text>')

    def rectangle(
        self, x: float, y: float, width: float, height: float, *, classes: str = "box", radius: int = 6
    ) -> None:
        place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        self._parts.append(f'<rect {place} rx="{radius}" class="{classes}"/>')

    def path(self, d: str, classes: str = "edge") -> None:
        self._parts.append(f'<path d="{d}" class="{classes}"/>')

    def behind(self, d: str) -> None:
        """Draw a rule behind all else."""
        self._behind.append(f'<path d="{d}" class="rule"/>')

    def box(
        self, title: str, lines: Iterable[Line] = (), *, x: float = MARGIN, width: float = WIDTH - 2 * MARGIN
    ) -> float:
        """Draw a box with a title and lines of text; returns how high it is, and leaves `y` at its top."""
        lines = list(lines)
        height = 28 + LINE * len(lines) + (2 if lines else 0)
        self.rectangle(x, self.y, width, height)
        self.text(x + INSET, self.y + 19, title, "title")
        for number, line in enumerate(lines):
            text, classes, right, right_classes = (*_parts(line), "", "")[:4]
            baseline = self.y + 37 + LINE * number
            self.text(x + INSET, baseline, text, classes)
            if right:
                self.text(x + width - INSET, baseline, right, f"{right_classes} end")
        return height

    def stand(self, title: str, lines: Iterable[Line] = ()) -> None:
        """Draw a box over the whole width, and go on below it."""
        self.y += self.box(title, lines)

    def arrow(self, *labels: str, up: str = "", x: float = 30, height: float = 0) -> None:
        """Draw an arrow down, with what it stands for beside it; `up` is what comes back, by one more arrow."""
        height = height or max(26, LINE * max(len(labels), 1) + 10)
        self.down(x, self.y + 3, self.y + height - 3)
        for number, label in enumerate(labels):
            self.text(x + 14, self.y + 18 + LINE * number, label, "dim")
        if up:
            self.up(WIDTH - x, self.y + 3, self.y + height - 3)
            self.text(WIDTH - x - 14, self.y + 18, up, "dim end")
        self.y += height

    def down(self, x: float, top: float, bottom: float) -> None:
        self.path(f"M{x:g} {top:g}V{bottom:g}m-4 -5l4 5l4 -5")

    def up(self, x: float, top: float, bottom: float) -> None:
        self.path(f"M{x:g} {bottom:g}V{top:g}m-4 5l4 -5l4 5")

    def svg(self, mode: str) -> str:
        """Write the picture in the colours of that mode."""
        colours = COLOURS[mode]
        height = self.y + MARGIN
        fills = "\n".join(f".{name} {{ fill: {colours[name]} }}" for name in ("text", "dim", "good", "bad", "accent"))
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}"',
                f'width="{WIDTH}" height="{height:g}" role="img">',
                f"<title>{escape(self.title, quote=False)}</title>",
                "<style>",
                f"text {{ {_SANS}; font-size: 13px; fill: {colours['text']} }}",
                f".mono {{ {_MONO}; font-size: 12px }}",
                ".title { font-weight: 600 }",
                ".end { text-anchor: end }",
                ".middle { text-anchor: middle }",
                ".out { text-decoration: line-through }",
                fills,
                f".box {{ fill: {colours['box']}; stroke: {colours['edge']} }}",
                f".group {{ fill: none; stroke: {colours['dim']}; stroke-dasharray: 4 3 }}",
                f".edge {{ fill: none; stroke: {colours['dim']}; stroke-width: 1.5 }}",
                f".rule {{ fill: none; stroke: {colours['edge']} }}",
                f".pale {{ fill: {colours['accent']}; fill-opacity: 0.35 }}",
                "</style>",
                f'<rect width="{WIDTH}" height="{height:g}" rx="8" style="fill: {colours["ground"]}"/>',
                *self._behind,
                *self._parts,
                "</svg>",
                "",
            ]
        )


def _parts(line: Line) -> tuple[str, ...]:
    return (line, "mono") if isinstance(line, str) else line
