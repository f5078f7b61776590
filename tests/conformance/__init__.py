"""The official MCP conformance suite against a real process: `make conformance`, or python -m tests.conformance.

`deviations` holds what is known to differ, and why. `--write` writes docs/conformance.md, which has to say what was measured.
"""
