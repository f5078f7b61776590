"""Git repositories: read and changed by the git command.

It alone knows hooks, filters, LFS, worktrees and rebases rightly, and it costs the hub's own process next to nothing. Milliseconds of
processor time for status and lines of 2,000 changed files among 5,000: git 148 in its children and 2 in the hub, pygit2 304 and dulwich
911, both in the hub, where they stop everything else. For the last 100 commits: git 3, pygit2 1.5, dulwich 6. For a commit's files: git 2,
pygit2 4, dulwich 1. (git 2.39, pygit2 1.21, dulwich 1.2)
"""
