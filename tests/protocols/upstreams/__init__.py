"""Other MCP servers for the hub to connect to, each a process."""
