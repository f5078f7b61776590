"""Whether there is a browser to test with: its path, or what to install."""

import sys

from tests.browser.chromium import NoBrowser, executable

try:
    print(executable())
except NoBrowser as error:
    sys.exit(str(error))
