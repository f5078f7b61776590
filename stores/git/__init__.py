"""Git repositories: read and changed by the git command."""
