"""Parts of the day that `script` puts together."""
