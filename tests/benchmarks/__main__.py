"""All benchmarks, one after the other. Each line says what was measured, the figure, the goal, and whether it was met."""

import subprocess
import sys

NAMES = (
    "start", "doors", "web_api", "repositories", "mcp", "upstreams", "sessions", "sessions_acp", "a2a", "a2a_streams", "core", "fanout",
)  # fmt: skip
for name in NAMES:
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=True)
