"""A failing result to its end: invalid measurements, investigation, retest, closure, actions."""
