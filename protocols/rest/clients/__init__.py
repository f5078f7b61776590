"""Typed clients of the web API, each one file without dependencies, made from the table of its rows."""
