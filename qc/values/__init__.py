"""What a value is, and how it is judged: quantities, rounding, criteria, verdicts. No framework."""
