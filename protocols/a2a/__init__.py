"""A2A: agents of the hub for other agents, and other agents for the hub. Protocol 1.0 is the form that everything else is put into."""
