"""Is it good: samples, readings, results, reviews and the decision on a batch."""
