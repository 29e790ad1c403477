"""Pictures of the command in a terminal: each command runs in tmux, and what stands on the screen becomes an SVG.

`python docs/screens` writes `docs/screens/*.svg`, in light and dark, and with `--width 40` or `200` prints what stands
there at other widths. Needs tmux, and the group `docs`.
"""

import argparse
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from k8sresolve.testing import Cluster

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SHOP = "-f docs/examples/shop.yaml -n shop"
SCREENS: Mapping[str, str] = {
    "explain": f"k8sresolve {SHOP} explain payments",
    "compare": f"k8sresolve {SHOP} explain payments.shop.svc --compare glibc,musl,go,kubernetes",
    "service": f"k8sresolve {SHOP} service web --port https -o wide",
    "endpoints": f"k8sresolve {SHOP} endpoints cassandra.data cql",
    "svc": f"k8sresolve {SHOP} svc -A",
    "check": "k8sresolve check docs/examples/checkout.yaml",
    "lint": "k8sresolve lint docs/examples/resolv.conf",
    "doctor": "k8sresolve --nameserver NAMESERVER doctor",
    "probe": "k8sresolve --nameserver NAMESERVER probe localhost PORT",
    "profile": "k8sresolve profile docs/examples/queries.log --pods docs/examples/pods.json",
}
TALL = 200  # lines: more than the longest of them has
PORT = 15353  # of the nameserver, which pictures show
_LIGHT = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [
        (36, 41, 47),
        (207, 34, 46),
        (17, 99, 41),
        (154, 103, 0),
        (9, 105, 218),
        (130, 80, 223),
        (27, 124, 131),
        (110, 119, 129),
    ],
)
_DARK = TerminalTheme(
    (13, 17, 23),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)
# Without rich's window, and without the fonts that it would fetch.
_SVG = """\
<svg class="rich-terminal" viewBox="0 0 {terminal_width} {terminal_height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
{styles}
</style>
<defs>{lines}</defs>
<rect fill="BACKGROUND" width="{terminal_width}" height="{terminal_height}" rx="8"/>
<g transform="translate(9, 9)">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def screen(command: str, width: int) -> str:
    """Run a command in a terminal, and return what stands there, with its colours."""
    name = f"k8sresolve-{uuid4().hex}"  # a server of its own: one that is ending takes no session

    def tmux(*words: str) -> str:
        return subprocess.run(["tmux", "-L", name, *words], check=True, capture_output=True, text=True).stdout

    typed = f"printf '\\033[1m$ %s\\033[0m\\n' {shlex.quote(command)}"
    program = f"{typed}; {command}; tmux -L {name} wait-for -S done; read"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    variables = [f"PATH={path}", "TERM=xterm-256color", "LANG=C.UTF-8"]
    shell = shlex.join(["env", "-u", "NO_COLOR", "-u", "COLUMNS", *variables, "bash", "-c", program])
    tmux("-f", "/dev/null", "new-session", "-d", "-c", str(ROOT), "-x", str(width), "-y", str(TALL), shell)
    try:
        tmux("wait-for", "done")
        return tmux("capture-pane", "-e", "-p").rstrip()
    finally:
        tmux("kill-server")


def picture(shown: str, width: int, theme: TerminalTheme) -> str:
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(shown), soft_wrap=True)
    svg = console.export_svg(
        title="", theme=theme, code_format=_SVG.replace("BACKGROUND", theme.background_color.hex), unique_id="screen"
    )
    # It has no room for the margin.
    width_and_height = r'(viewBox="0 0) ([\d.]+) ([\d.]+)'
    svg = re.sub(width_and_height, lambda m: f"{m[1]} {float(m[2]) + 18:.1f} {float(m[3]) + 18:.1f}", svg, count=1)
    svg = svg.replace('rx="8"/>', 'rx="8" style="width: 100%; height: 100%"/>')
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="which of them (default: all)")
    parser.add_argument("--width", type=int, help="print what stands on a screen of this width, and write nothing")
    args = parser.parse_args()
    with Cluster.from_manifests(ROOT / "docs/examples/shop.yaml").serve(port=PORT) as server:
        for name in args.names or SCREENS:
            command = (
                SCREENS[name].replace("NAMESERVER", f"{server.host}:{server.port}").replace("PORT", str(server.port))
            )
            shown = screen(command, args.width or 80)
            if args.width:
                print(f"--- {name}\n{shown}\n")
                continue
            for mode, theme in {"light": _LIGHT, "dark": _DARK}.items():
                (HERE / f"{name}-{mode}.svg").write_text(picture(shown, 80, theme))


if __name__ == "__main__":
    main()
