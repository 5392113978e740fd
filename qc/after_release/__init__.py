"""What happens to the bags of a certified batch: shipped, infused, returned, followed up, complained of."""
