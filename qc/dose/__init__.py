"""The dose: its rule, what it is counted from, the two people who determine and verify it."""
