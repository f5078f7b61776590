"""The hub as an agent of ACP, driven by editors."""
