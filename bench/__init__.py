"""Measurements: what the product's ways cost beside the barest way to do the same."""
