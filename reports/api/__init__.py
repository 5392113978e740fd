"""Documents as programs find them."""
