"""The pages of people and signatures."""
