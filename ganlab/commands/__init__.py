"""Commands: one file a verb, each with `SUMMARY`, `EXAMPLES`, `add_arguments` and `run`."""
