"""What a scanned or typed code means: each room answers for the labels it knows.

A room registers a function that gives the address of what a code names, or None. Nothing is guessed: the first room
that knows the code answers.
"""

from collections.abc import Callable

from accounts.models import Person

LONGEST_CODE = 200

Resolver = Callable[[str, Person], str | None]
_resolvers: list[Resolver] = []


def register_resolver(resolver: Resolver) -> Resolver:
    """Add a function that knows labels; it gives the address of what a code names, or None."""
    if resolver not in _resolvers:
        _resolvers.append(resolver)
    return resolver


def place_of(code: str, person: Person) -> str | None:
    """Give the address of what a code names, for this person; None when no room knows it."""
    for resolver in _resolvers:
        if place := resolver(code, person):
            return place
    return None
