"""Pages of the laboratory and of the release decision."""
