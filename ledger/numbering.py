"""Numbers that people read aloud: one counter a kind and year, such as CT-26-0042."""

from django.db.models import F

from ledger.models import Counter
from ledger.writing import NotWritingError, is_writing


def next_serial(kind: str, year: int) -> int:
    """Give the next number of a kind in a year; never given twice, a rolled-back act leaves no gap."""
    if not is_writing():
        raise NotWritingError("Numbers are given inside `with ledger.writing():`.")
    Counter.objects.get_or_create(kind=kind, year=year)
    Counter.objects.filter(kind=kind, year=year).update(last=F("last") + 1)
    return Counter.objects.values_list("last", flat=True).get(kind=kind, year=year)


def next_number(kind: str, year: int) -> str:
    """Give the next number in the form KIND-YY-NNNN."""
    return f"{kind}-{year % 100:02d}-{next_serial(kind, year):04d}"
