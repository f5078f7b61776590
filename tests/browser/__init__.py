"""A real browser in front of a real hub: make test-browser."""
