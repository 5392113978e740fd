"""The laboratory and the release decision for programs."""
