"""ACP: the hub runs coding agents, and is one inside an editor."""
