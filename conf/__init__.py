"""The shipped configuration; a package, so that the wheel carries it."""
