"""What was written: bytes, order and proofs, with no idea of people or cells."""
