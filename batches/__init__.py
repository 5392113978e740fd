"""What was made: products, orders, master records, batches and what was done in each step."""
