"""The apps of the tutorials, which have tests of their own: copied, and run as their readers do."""

import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def copy(app: Path, to: Path) -> Path:
    """Copy an app, so that a test may change it."""
    return Path(shutil.copytree(app, to / "app", ignore=shutil.ignore_patterns("__pycache__")))


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run its tests, with options of pytest's."""
    command = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", "-W", "error", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
