"""The profiles that ship: one file each, read when it is asked for."""

from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.refusal import BadInput, Objection
from qc.definitions.specification import Line
from qc.importing.by_method import targets_under
from qc.importing.profiles import Profile
from qc.importing.reading_profiles import read_profile
from qc.laboratory.judging import InForce

FOLDER = Path(__file__).parent.parent / "definitions" / "instruments"


@lru_cache(maxsize=1)
def shipped() -> dict[str, bytes]:
    """Give the text of each profile by its code."""
    sources = [path.read_bytes() for path in sorted(FOLDER.glob("*.yaml"))]
    return {read_profile(source).code: source for source in sources}


def profiles_for(line: Line, methods: InForce) -> list[Profile]:
    """Give the profiles whose files give something that is entered for a line, by title."""
    found = [read_profile(source) for source in shipped().values()]
    return sorted((one for one in found if targets_under(one, line, methods)), key=lambda one: one.title)


def source_called(code: str) -> bytes:
    """Give the text of a profile; raise BadInput for a code that no profile has."""
    source = shipped().get(code)
    if source is None:
        says = _("There is no instrument profile called %(code)s.") % {"code": code[:40]}
        raise BadInput(Objection(says, code="bad_input", field="profile"))
    return source
