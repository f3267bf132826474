"""Where the journeys find a browser: one that is installed, else one they may install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")


def find_browser() -> str | None:
    """Return the path of Chromium or Chrome: CHROME, an installed one, or playwright's own."""
    named = os.environ.get("CHROME")
    if named:
        return shutil.which(named)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return next((place for place in (*PLACES, _downloaded()) if place and Path(place).exists()), None)


def _downloaded() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def install_browser() -> str | None:
    """Install a browser and return its path: Debian's package as root, otherwise playwright's download."""
    if os.environ.get("CHROME"):
        return None
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")
    commands = [["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"]]
    if not as_root:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for command in commands:
        if subprocess.run(
            command, check=False, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        ).returncode:
            break
    return find_browser()


def version_of(browser: str) -> str:
    """Return what the browser calls itself."""
    said = subprocess.run([browser, "--version"], check=False, capture_output=True, text=True).stdout.split()
    return " ".join(said[:2]) or browser
