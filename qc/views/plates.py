"""The page on which the wells of a plate are typed: one form, sent once, kept whole where anything in it is wrong."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.parsing import parsed
from accounts.refusal import Objection, Refused, Text
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.models import Batch
from batches.views.strip import strip_of
from qc.batch_act import batch_called
from qc.importing.choosing import MeasuredInput
from qc.importing.plates import LONGEST_WELL, column_typed, record_plate
from qc.importing.profiles import Plate, Profile, Role
from qc.importing.shipped import profiles_for
from qc.panel import PanelLine
from qc.views.importing import choices_of, refused_context, told
from qc.views.tests import UNREADABLE, line_or_404

WELL = "well-"
ROLES: dict[Role, Text] = {
    Role.STANDARD: gettext_lazy("standard"),
    Role.CONTROL: gettext_lazy("control"),
    Role.BLANK: gettext_lazy("blank"),
    Role.SAMPLE: gettext_lazy("sample"),
}


@dataclass(frozen=True, slots=True)
class WellShown:
    """One well of the form; one that the map leaves empty takes nothing."""

    name: str
    title: str = ""
    typed: str = ""
    error: str = ""
    is_sample: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RESULT_ENTER)
def plate(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Take every well of a plate at once; what is wrong is said well by well, and nothing that was typed is lost."""
    batch = batch_called(number)
    found = line_or_404(batch, line)
    profiles = profiles_for(found.line, found.methods)
    profiles = [one for one in profiles if column_typed(one, found.line, found.methods) is not None]
    if not profiles:
        says = _("No profile has a plate that can be typed for this line. Enter its value on the page of the test.")
        raise Refused(Objection(says, code="other_profile", url=found.url), status=404)
    if request.method != "POST":
        return _form(request, batch, found, profiles, {}, [])
    sent = form_sent(request)
    wells = {name.removeprefix(WELL): str(text).strip() for name, text in sent.items() if name.startswith(WELL)}
    values = {name: value for name, value in sent.items() if not name.startswith(WELL) and value != ""}
    try:
        named = parsed(MeasuredInput, values | {"line": line})
        record_plate(batch=batch, wells=wells, by=person_of(request), comma_allowed=True, **named)
    except Refused as refused:
        told(refused, request)
        status = UNREADABLE if refused.status == 400 else refused.status
        return _form(request, batch, found, profiles, request.POST.dict(), refused.objections, status=status)
    return SeeOther(found.url)


def _form(
    request: HttpRequest,
    batch: Batch,
    found: PanelLine,
    profiles: list[Profile],
    typed: dict[str, str],
    objections: list[Objection],
    *,
    status: int = 200,
) -> HttpResponse:
    wanted = typed.get("profile") or request.GET.get("profile", "")
    profile = next((one for one in profiles if one.code == wanted), profiles[0])
    column = column_typed(profile, found.line, found.methods)
    assert profile.plate is not None  # noqa: S101  those without one were left out
    assert column is not None  # noqa: S101  as above
    by_columns = request.GET.get("order") == "columns"
    context = strip_of(batch) | choices_of(batch, found, [profile], typed) | refused_context(objections)
    errors = {one.field: one.says for one in objections if one.code == "well"}
    context |= {
        "profile": profile,
        "column": column,
        "by_columns": by_columns,
        "rows": _rows(profile.plate, typed, errors, by_columns=by_columns),
        "heads": _heads(profile.plate, by_columns=by_columns),
        "longest": LONGEST_WELL,
        "objections": [_to_its_field(one) for one in objections],
    }
    return render(request, "qc/plate.html", context, status=status)


def _to_its_field(objection: Objection) -> Objection:
    if objection.code != "well" or not objection.field:
        return objection
    return Objection(objection.says, objection.code, f"{WELL}{objection.field}")


def _heads(plate: Plate, *, by_columns: bool) -> list[str]:
    """Give what stands above the form: the numbers of the columns, or the letters of the rows where it is turned."""
    if by_columns:
        return [row[0][0] for row in plate.names]
    return [name[1:].lstrip("0") for name in plate.names[0]]


def _rows(
    plate: Plate, typed: dict[str, str], errors: dict[str, str], *, by_columns: bool
) -> list[tuple[str, list[WellShown]]]:
    """Give the wells in the order in which the keyboard goes through them, with what stands before each row."""
    names = [list(column) for column in zip(*plate.names, strict=True)] if by_columns else plate.names
    shown = []
    for row in names:
        head = row[0][1:].lstrip("0") if by_columns else row[0][0]
        shown.append((head, [_well(plate, name, typed, errors) for name in row]))
    return shown


def _well(plate: Plate, name: str, typed: dict[str, str], errors: dict[str, str]) -> WellShown:
    holds = plate.wells.get(name)
    if holds is None:
        return WellShown(name)
    title = str(ROLES[Role.SAMPLE]).capitalize() if holds.role is Role.SAMPLE else holds.title
    return WellShown(name, title, typed.get(WELL + name, ""), errors.get(name, ""), holds.role is Role.SAMPLE)
