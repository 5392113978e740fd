"""The decision on a batch: what stands in its way, who takes it, what follows it."""
