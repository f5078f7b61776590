"""Where the machine's Chromium is."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


class NoBrowser(Exception):
    """There is none to start."""


def executable() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise NoBrowser("There is no Chromium: install Debian's package chromium, or put a Chromium or a Chrome into PATH.")
