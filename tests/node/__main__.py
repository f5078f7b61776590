"""Install what the tests need of Node: python -m tests.node."""

import sys

from tests.node import NoNode, node

try:
    print(node())
except NoNode as nothing:
    sys.exit(str(nothing))
