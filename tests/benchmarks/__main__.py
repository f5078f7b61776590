"""All benchmarks, one after the other. Each line says what was measured, the figure, the goal, and whether it was met."""

import subprocess
import sys

for name in ("start", "doors", "mcp", "upstreams", "sessions", "sessions_acp", "a2a", "a2a_streams", "core", "fanout", "repositories"):
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=True)
