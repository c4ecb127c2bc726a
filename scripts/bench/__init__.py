"""What the benchmarks share: the rivals' loops, and how they are measured."""
