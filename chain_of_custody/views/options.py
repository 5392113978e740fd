"""What the forms of this room offer to choose from: parties, places and shippers."""

from accounts.fields import Options, choose
from chain_of_custody.models import Party, Place


def parties(*kinds: Party.Kind) -> Options:
    """Give the parties of some kinds to choose from."""
    rows = Party.objects.filter(kind__in=kinds).order_by("name") if kinds else Party.objects.order_by("name")
    return choose((str(row.pk), row.name) for row in rows)


def places(party: Party | None = None, *, also: Place | None = None) -> Options:
    """Give the places of a party to choose from, by their codes."""
    rows = list(Place.objects.filter(party=party) if party else Place.objects.all())
    if also is not None and also not in rows:
        rows.append(also)
    return choose((row.code, f"{row.code}, {row.name}") for row in sorted(rows, key=lambda one: one.code))


def shippers() -> Options:
    """Give the shippers to choose from."""
    rows = Place.objects.filter(kind=Place.Kind.SHIPPER).order_by("code")
    return choose((row.code, f"{row.code}, {row.name}") for row in rows)
