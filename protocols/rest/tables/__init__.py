"""The rows of the web API, by what they are about."""
