"""What a person sends of a certificate: from a program a list of values, from a form one field for each."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Intent
from accounts.parsing import DayField, GivenField, MomentField, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection
from batches.models import Batch
from chain_of_custody.shapes import MaybeId, MaybeMoment
from qc.contract_laboratory.stated import Value, as_printed, values_in
from qc.definitions.specification import Line, ResultType
from qc.laboratory.judging import NO_RESULT, entries_of, seen_in
from qc.models import Sample

VALUE = "value:"  # then member and bottle, in the name of a form's field
MOST_VALUES = 60


class ValueIntent(StrictSerializer[Intent]):
    """One value as the certificate prints it; the bottle is asked for in growth tests alone."""

    member = TextField(max_length=40)
    replicate = serializers.IntegerField(min_value=1, max_value=99, required=False, default=1)
    typed = TextField(max_length=200)


class StatedIntent(StrictSerializer[Intent]):
    """What both people type from a certificate: its number, our sample as it is printed, when, and each value."""

    number = TextField(label=gettext_lazy("Number of the certificate"), max_length=60)
    sample = TextField(
        label=gettext_lazy("Our sample"), max_length=30, help_text="code of our sample, as the certificate prints it"
    )
    began_at = MaybeMoment(label=gettext_lazy("Inoculated"), help_text="inoculation, of a growth test")
    tested_at = MomentField(label=gettext_lazy("Tested"), help_text="when it was tested, or read for the last time")
    values = ValueIntent(many=True, help_text="each value, digit by digit")


class CertificateIntent(StatedIntent):
    """What the first person types besides."""

    line = GivenField(max_length=40)
    laboratory = serializers.UUIDField(help_text="the party")
    reported_on = DayField(
        label=gettext_lazy("Day of the certificate"), help_text="the day that the certificate states"
    )
    method = TextField(
        label=gettext_lazy("Method, as it is printed"), max_length=200, help_text="as the certificate prints it"
    )
    verdict_printed = TextField(
        label=gettext_lazy("The laboratory's own verdict, as it is printed"), max_length=200, required=False, default=""
    )
    evidence = serializers.UUIDField(help_text="the stored file of the certificate")
    corrects = MaybeId(help_text="the entry that this one replaces")
    reason = TextField(label=gettext_lazy("Reason of the correction"), max_length=1000, required=False, default="")


def with_values(data: Mapping[str, object]) -> dict[str, object]:
    """Give what was sent with the values of a form's fields gathered in one list; a program sends the list itself."""
    kept = {name: value for name, value in data.items() if not name.startswith(VALUE)}
    found = []
    for name, typed in data.items():
        if name.startswith(VALUE) and typed != "":
            member, _colon, replicate = name.removeprefix(VALUE).partition(":")
            found.append({"member": member, "replicate": replicate or "1", "typed": as_printed(str(typed))})
    return kept | ({"values": found} if found else {})


def values_of(intent: Intent) -> tuple[Value, ...]:
    """Give the values of an intent."""
    return values_in(intent["values"])


def sample_called(batch: Batch, code: str) -> Sample | None:
    """Give a sample that the laboratory received by its code, of whichever batch; None for a code that is none."""
    found = Sample.objects.select_related("container__state__holder_party", "container__coi", "batch")
    return found.filter(container__code__iexact=code.strip()).first()


def wanted_values(line: Line) -> list[tuple[str, int]]:
    """Give the values that a certificate states for a line: of each member, of a growth test of each bottle."""
    wanted = []
    for code, entry in entries_of(line).items():
        bottles = [each.number for each in line.growth.bottles] if line.growth else [1]
        numbers = bottles if entry.result_type is ResultType.GROWTH else [1]
        wanted += [(code, number) for number in numbers]
    return wanted


def objections_to_values(line: Line, values: Sequence[Value], *, began: bool) -> list[Objection]:
    """Object to values that the line does not have, cannot read, or misses; raise BadInput for one nobody can read."""
    entries, wanted = entries_of(line), wanted_values(line)
    found: list[Objection] = []
    stated = [(one.member, one.replicate) for one in values]
    for one in values:
        entry = entries.get(one.member)
        if entry is None or (one.member, one.replicate) not in wanted or stated.count((one.member, one.replicate)) > 1:
            says = _("This line has no value called %(code)s, or it is stated twice.")
            raise BadInput(Objection(says % {"code": f"{one.member} {one.replicate}"[:60]}, field="values"))
        if one.typed in NO_RESULT:
            says = _("A certificate states a result. Record it without one where there is none.")
            found.append(Objection(says, code="no_result", field="values"))
            continue
        seen_in(one.typed, entry)
        if entry.result_type is ResultType.GROWTH and not began:
            found.append(Objection(_("Enter when the bottle was inoculated."), field="began_at"))
    missing = [key for key in wanted if key not in stated]
    if (missing and line.criterion.get("kind") != "any_of") or not values:
        codes = ", ".join(f"{member} {number}" for member, number in missing)
        found.append(
            Objection(_("Values are missing: %(codes)s.") % {"codes": codes}, code="missing_value", field="values")
        )
    return list(dict.fromkeys(found))
