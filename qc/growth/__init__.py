"""Growth tests by the clock: bottles, readings, the calendar of what is read today."""
