"""ACP: coding agents that the hub runs, for who speaks to them through it."""
