"""Install what the tests need of Node: python -m tests.node, or of another folder with a lock: python -m tests.node tests/agents."""

import sys
from pathlib import Path

from tests.node import HERE, NoNode, node

try:
    print(node(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE))
except NoNode as nothing:
    sys.exit(str(nothing))
