"""The first person types what a contract laboratory's certificate says of our sample, with the file that proves it.

(1) The sample is one of this batch, taken where the line wants it. That custody does not know of it there is a fact: it
    is kept with the entry and raised, never refused.
(2) A certificate stands once for a line, whatever the batch.
(3) Growth is raised the moment it is typed, before anybody compared it.
(4) The verdict of the laboratory is kept as printed. It decides nothing.
(5) An entry is corrected before its result and after it; what two people typed anew, the result is then made of.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.alarms import raise_alarm
from accounts.meanings import Meaning
from accounts.models import Alarm, Person, Signed
from accounts.refusal import BadInput, Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from batches.departures import raise_departure
from batches.identity import identity_lines
from batches.models import Batch, Departure
from chain_of_custody.attesting import evidence_words
from chain_of_custody.models import Party
from ledger.models import StoredFile
from qc.batch_act import BatchAct
from qc.contract_laboratory.certificates import certificates_url, comparison_of, custody_against, in_force
from qc.contract_laboratory.intents import (
    CertificateIntent,
    objections_to_values,
    sample_called,
    values_of,
    with_values,
)
from qc.contract_laboratory.stated import Value
from qc.contract_laboratory.telling import moment, time_lines, value_lines, values_in_row
from qc.definitions.specification import Line as SpecificationLine
from qc.definitions.specification import ResultType
from qc.laboratory.judging import NEVER_TAKEN_BACK, entries_of
from qc.laboratory.recording import SHORTEST_REASON, objections_to_reading, out_of_time
from qc.laboratory.testing import known_line
from qc.models import ContractCertificate, Sample
from qc.panel import PanelLine


@register
class EnterCertificate(BatchAct):
    """Enter what the certificate of a contract laboratory says of our sample, or correct what was entered."""

    code = "contract_certificate.enter"
    title = gettext_lazy("Enter a contract laboratory's certificate")
    verb = gettext_lazy("Sign the entry")
    permission = Permission.RESULT_ENTER
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I typed this from the certificate whose file is named here.")
    asks = CertificateIntent

    def read_intent(self, data: Mapping[str, object]) -> Intent:
        return super().read_intent(with_values(data))

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        found = known_line(subject, intent["line"])
        file = StoredFile.objects.filter(pk=intent["evidence"]).first()
        laboratory = _laboratory(intent)
        sample = sample_called(subject, intent["sample"])
        against = custody_against(sample, laboratory) if sample and laboratory else ""
        corrected = _corrected(subject, intent)
        return ToSign(
            title=f"{self.title}: {found.title}, {found.criterion_words}",
            identity=identity_lines(subject),
            lines=[
                Line(_("Laboratory"), laboratory.name if laboratory else "–", "attested"),
                Line(_("Certificate"), f"{intent['number']}, {day(date.fromisoformat(intent['reported_on']))}"),
                Line(_("Our sample"), intent["sample"]),
                *([Line(_("Custody"), against, "warn")] if against else []),
                Line(_("Method as printed"), intent["method"]),
                *time_lines(intent),
                *value_lines(found.line, values_of(intent)),
                Line(_("The laboratory's own verdict, which decides nothing"), intent["verdict_printed"] or "–"),
                Line(_("Evidence"), evidence_words(file, "")),
                *([Line(_("Reason"), intent["reason"])] if corrected else []),
            ],
            version=f"{found.run} {corrected.pk if corrected else ''}",
            earlier=[EarlierSignature.on(corrected)] if corrected else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        found = known_line(subject, intent["line"])
        sample = sample_called(subject, intent["sample"])
        values = values_of(intent)
        return [
            *when(
                sample is None,
                _("This sample is not known in the laboratory. Receive it first, or check what is printed."),
                field="sample",
            ),
            *(_objections_to_sample(subject, found, sample, intent, by) if sample else []),
            *objections_to_values(found.line, values, began=bool(intent["began_at"])),
            *_objections_to_paper(subject, found, intent),
            *_objections_to_correction(subject, found, intent),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> ContractCertificate:
        found = known_line(subject, intent["line"])
        sample, laboratory = sample_called(subject, intent["sample"]), _laboratory(intent)
        assert sample is not None and laboratory is not None  # noqa: S101, PT018  objected to above
        corrected, tested_at = _corrected(subject, intent), moment(intent["tested_at"])
        assert tested_at is not None  # noqa: S101  asked for by the shape
        row = ContractCertificate(
            batch=subject,
            laboratory=laboratory,
            number=intent["number"],
            reported_on=date.fromisoformat(intent["reported_on"]),
            sample=sample,
            line=found.code,
            run=found.run,
            method=intent["method"],
            began_at=moment(intent["began_at"]),
            tested_at=tested_at,
            values=[one.as_plain() for one in values_of(intent)],
            verdict_printed=intent["verdict_printed"],
            evidence_id=intent["evidence"],
            custody=custody_against(sample, laboratory)[:300],
            supersedes=corrected,
            reason=intent["reason"],
        )
        kind = "contract_certificate.corrected" if corrected else "contract_certificate.entered"
        sign(row, signature, type=kind, earlier=[corrected] if corrected else [])
        if row.custody:
            raise_departure(
                batch=subject, kind=Departure.Kind.REPORTED, says=row.custody, by=signature.signer, about=row
            )
        if says_growth(found.line, values_of(intent)):
            _raise_growth(row, found, by=signature.signer)
        return row

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, ContractCertificate)  # noqa: S101  this act writes nothing else
        return certificates_url(row.batch.number, row.line)


def _laboratory(intent: Intent) -> Party | None:
    return Party.objects.filter(pk=intent["laboratory"], kind=Party.Kind.LABORATORY).first()


def _corrected(batch: Batch, intent: Intent) -> ContractCertificate | None:
    if not intent["corrects"]:
        return None
    rows = ContractCertificate.objects.filter(batch=batch, pk=UUID(intent["corrects"]))
    row = rows.select_related("signer", "laboratory", "comparison").first()
    if row is None:
        raise BadInput(Objection(_("The certificate to correct is not known."), code="bad_input", field="corrects"))
    return row


def _chain(row: ContractCertificate | None) -> list[UUID]:
    """Give an entry and those that it corrected."""
    found = []
    while row is not None:
        found.append(row.pk)
        row = row.supersedes
    return found


def _objections_to_sample(
    batch: Batch, found: PanelLine, sample: Sample, intent: Intent, by: Person
) -> list[Objection]:
    """Object as to any reading of this sample; growth is taken at any time."""
    values = values_of(intent)
    grows, corrects = says_growth(found.line, values), _corrected(batch, intent) is not None
    tested_at = moment(intent["tested_at"])
    assert tested_at is not None  # noqa: S101  asked for by the shape
    is_growth = bool(found.line.growth_days)
    timed = out_of_time(is_growth and bool(intent["began_at"]), sample, moment(intent["began_at"]), tested_at, "")
    asked = objections_to_reading(
        batch, found.line, sample, by=by, runs=found.runs, growth=grows, of_certificate=corrects
    )
    return [*(one for one in asked if one.code != "lacks_permission"), *timed]


def _objections_to_paper(batch: Batch, found: PanelLine, intent: Intent) -> list[Objection]:
    laboratory = _laboratory(intent)
    tested_at = moment(intent["tested_at"])
    same = ContractCertificate.objects.filter(
        Q(superseded_by=None) | Q(batch=batch, supersedes=None),
        laboratory=laboratory,
        number__iexact=intent["number"],
        line=found.code,
    )
    others = same.exclude(pk__in=_chain(_corrected(batch, intent)))
    known = others.select_related("batch").first() if laboratory else None
    return [
        *when(laboratory is None, _("Choose the laboratory. This party is none."), field="laboratory"),
        *when(
            known is not None,
            _("Certificate %(number)s of this laboratory is entered for this test already, in batch %(batch)s.")
            % {"number": intent["number"], "batch": known.batch.number if known else ""},
            code="entered",
            field="number",
        ),
        *when(
            not StoredFile.objects.filter(pk=intent["evidence"]).exists(),
            _("This evidence isn't stored here. Upload it again."),
            field="evidence",
        ),
        *when(
            tested_at is not None and local(tested_at).date() > date.fromisoformat(intent["reported_on"]),
            _("The certificate would be older than the test that it reports."),
            code="too_early",
            field="reported_on",
        ),
    ]


def _objections_to_correction(batch: Batch, found: PanelLine, intent: Intent) -> list[Objection]:
    corrected = _corrected(batch, intent)
    if corrected is None:
        others = [] if found.line.growth_days else in_force(batch, found.code, run=found.run)
        begun_here = found.readings and not found.line.growth_days and not others
        return [
            *when(
                others,
                _("A certificate is entered for this test already. Correct it instead."),
                code="entered",
                url=certificates_url(batch.number, found.code),
            ),
            *when(
                begun_here,
                _("This test was begun here. One run is tested in one laboratory, from its beginning to its end."),
                code="begun_here",
            ),
        ]
    return [
        *when(
            (corrected.line, corrected.run) != (found.code, found.run),
            _("This corrects a certificate of another test."),
            code="other_line",
        ),
        *when(
            hasattr(corrected, "superseded_by"),
            _("This entry was corrected already. Open the page again."),
            code="superseded",
        ),
        *when(
            found.runs.is_confirmed,
            _("This result was confirmed to be out of specification. It stands."),
            code="confirmed",
        ),
        *when(
            len(intent["reason"]) < SHORTEST_REASON,
            _("Give the reason for the correction, in at least 10 characters."),
            code="no_reason",
            field="reason",
        ),
        *when(
            comparison_of(corrected) is None and says_growth(found.line, values_in_row(corrected)),
            _("Growth that was seen, and a flag, are never corrected away."),
            code="growth",
        ),
    ]


def says_growth(line: SpecificationLine, values: Iterable[Value]) -> bool:
    """Tell whether a certificate states growth, or a flag, in a bottle."""
    entries = entries_of(line)
    growing = {code for code, entry in entries.items() if entry.result_type is ResultType.GROWTH}
    return any(one.member in growing and one.typed in NEVER_TAKEN_BACK for one in values)


def _raise_growth(row: ContractCertificate, found: PanelLine, *, by: Person) -> None:
    says = _("Certificate %(number)s of %(laboratory)s states growth in %(line)s. It is not compared yet.") % {
        "number": row.number,
        "laboratory": row.laboratory.name,
        "line": found.title,
    }
    departure = raise_departure(batch=row.batch, kind=Departure.Kind.REPORTED, says=says, by=by, about=row)
    raise_alarm(
        kind=Alarm.Kind.GROWTH,
        says=f"{row.batch.number}: {says}",
        stream=row.stream_name(),
        actor=by.reference,
        url=reverse("qc:release", args=[row.batch.number]),
        about=departure,
    )
