"""Supply of a product out of specification at a physician's request: the batch stays not certified."""
