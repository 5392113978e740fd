"""Who signs: people, roles, keys, signatures, and the words in which an act is refused."""
