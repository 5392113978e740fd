"""How custody is worded: places with the temperatures they keep, containers counted by kind."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from chain_of_custody.models import Container, ContainerState, Party, Place

MINUS = "\N{MINUS SIGN}"


def celsius(value: Decimal | None) -> str:
    """Write a temperature, digit by digit as it was typed; a dash for none."""
    if value is None:
        return "–"
    return f"{value:f} °C".replace("-", MINUS)


def range_words(place: Place) -> str:
    """Write the temperatures a place keeps: 2–8 °C, −30 to −20 °C, ≤ −150 °C or ≥ 2 °C; empty where none are set."""
    if place.low_c is not None and place.high_c is not None:
        low = f"{place.low_c:f}".replace("-", MINUS)
        joined = " to " if place.low_c < 0 else "–"
        return f"{low}{joined}{celsius(place.high_c)}"
    if place.high_c is not None:
        return f"≤ {celsius(place.high_c)}"
    return f"≥ {celsius(place.low_c)}" if place.low_c is not None else ""


def place_words(place: Place, position: str = "") -> str:
    """Write a place, the position in it and the temperatures it keeps."""
    return ", ".join(part for part in (place.name, position, range_words(place)) if part)


def holder_words(state: ContainerState) -> str:
    """Write who holds a container: the person where one does, and the party."""
    party = state.holder_party.name
    return f"{state.holder_person.name}, {party}" if state.holder_person else party


def counted(kinds: Iterable[str]) -> str:
    """Write how many containers of each kind: 3 × final bag, 4 × retained vial."""
    return ", ".join(f"{number} × {Container.Kind(kind).label}" for kind, number in Counter(kinds).items())


def party_words(party: Party) -> str:
    """Write a party with its kind."""
    return f"{party.name} ({Party.Kind(party.kind).label})"
