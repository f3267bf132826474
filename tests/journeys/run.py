"""``python -m tests.journeys.run``: find or install a browser, then walk the journeys in it.

Without one this fails under CI=true; elsewhere it says plainly that no journey ran.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.journeys.browser import find_browser, install_browser


def main() -> int:
    """Run the journeys and return their status."""
    browser = find_browser() or install_browser()
    if browser is None:
        line = "Browser journeys did NOT run: no Chromium or Chrome was found, and none could be installed. Set CHROME to its path."
        print(line, file=sys.stderr)  # noqa: T201 - it is a command.
        closing = os.environ.get("CLOSING")
        if closing:
            with Path(closing).open("a", encoding="utf-8") as lines:
                lines.write(line + "\n")
        return 1 if os.environ.get("CI", "").lower() == "true" else 0
    command = [sys.executable, "-m", "pytest", "-m", "journey", "tests/journeys", *sys.argv[1:]]
    return subprocess.run(command, check=False, env={**os.environ, "CHROME": browser}).returncode


if __name__ == "__main__":
    sys.exit(main())
