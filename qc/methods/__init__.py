"""Methods at the bench: which one a line is tested by, what it asks for, and what was recorded of it."""
