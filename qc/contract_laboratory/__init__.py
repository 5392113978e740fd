"""What a contract laboratory's certificate says of our samples, and how it becomes readings of ours."""
