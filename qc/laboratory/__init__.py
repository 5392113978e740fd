"""What the laboratory does: receive a sample, record readings, sign results, review them."""
