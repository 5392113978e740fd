"""The tests, which may import every room."""
