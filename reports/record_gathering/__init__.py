"""From the rows of a batch to the frozen snapshot of its whole record; each module is named for what it gathers."""
