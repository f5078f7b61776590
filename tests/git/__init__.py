"""Git repositories, real ones."""
