"""What instruments measured comes in as files or plates, and becomes readings of a line."""
