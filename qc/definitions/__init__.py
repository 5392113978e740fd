"""What a product must be, as data: specifications, their schema and their reader."""
