"""The figures that whosthat claims, each measured by a module of its own; see `python -m benchmarks --help`."""
