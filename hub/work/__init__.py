"""The workers: what the hub does by itself. They follow the log, hold leases, and report by calling operations.

What becomes of a turn when the hub stops or dies, and of a task that its agent left: see `worker`.
"""
