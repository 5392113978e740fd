"""What this room's templates say beside the values they are given."""
