"""The figures that must hold, each beside an opponent that is measured in the same run: ``python -m benchmarks``."""
