"""Whose cells they are and who holds them."""
