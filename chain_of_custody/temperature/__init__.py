"""What temperature loggers saw of containers between two hand-overs, and what that means for custody."""
