"""Commands: one file a verb, each with `EXAMPLES`, `add_arguments` and `run`."""
