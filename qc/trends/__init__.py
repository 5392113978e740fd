"""Trends and controls: charts, limits, rules, signals, runs that are accepted or rejected."""
