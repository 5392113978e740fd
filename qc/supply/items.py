"""Everything that a supply needs, one by one: whether it is there, what it still waits for, and whose turn it is.

Nothing may be missing. Page, work list, API and the decision itself use this one list.
"""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import Objection, Text
from accounts.roles import Role
from batches.models import Batch
from qc.models import SupplyStatement
from qc.supply.lines import ShownLine, shown_lines, stated
from qc.supply.naming import objections_to_containers
from qc.supply.standing import Kind, SupplyStanding, is_checked, named_containers
from qc.supply.stating import kinds_needed

MISSING: dict[Kind, Text] = {
    Kind.ACCEPTANCE: gettext_lazy("The physician has not accepted the product after seeing the evaluation."),
    Kind.CONSENT: gettext_lazy("Nobody has entered the patient's information and consent."),
    Kind.PROTOCOL: gettext_lazy("The protocol of expanded access, or the IND for a single patient, is not named."),
    Kind.SPONSOR: gettext_lazy("The sponsor of the trial has not agreed."),
}
LINES, REQUEST, CONTAINERS, EVALUATION = "lines", "request", "containers", "evaluation"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a supply needs."""

    code: str
    title: str
    owner: Role
    waits: str  # what is missing; nothing where it is there
    url: str

    @property
    def is_there(self) -> bool:
        return not self.waits

    @property
    def owner_words(self) -> str:
        return str(self.owner.label)

    def objection(self) -> Objection:
        """Give the reason against deciding while this is missing."""
        return Objection(self.waits, code=f"supply_{self.code}", field=self.code, url=self.url)


def items_of(batch: Batch, standing: SupplyStanding, lines: tuple[ShownLine, ...] | None = None) -> list[Item]:
    """Give everything that a supply of this batch needs, in the order in which it is gathered."""
    page = reverse("qc:release", args=[batch.number])
    shown = shown_lines(batch) if lines is None else lines

    def item(code: str, title: str, waits: str, owner: Role = Role.QA) -> Item:
        return Item(code, title, owner, waits, f"{page}#supply-{code}")

    kinds = [
        item(kind.value, str(Kind(kind).label).capitalize(), _statement(kind, standing, shown))
        for kind in kinds_needed(batch)
    ]
    return [
        item(LINES, _("Lines that do not conform"), "" if shown else _("Every line conforms; nothing is supplied so.")),
        item(REQUEST, _("Request by the physician"), _request(standing)),
        item(CONTAINERS, _("Containers and who takes them"), _containers(standing)),
        item(EVALUATION, _("Evaluation of the risk by the manufacturer"), _evaluation(standing, shown)),
        *kinds,
    ]


def missing(items: list[Item]) -> list[Objection]:
    """Give the reason against deciding for each thing that is missing."""
    return [one.objection() for one in items if not one.is_there]


def _request(standing: SupplyStanding) -> str:
    if standing.answer is None or not standing.is_asked_for:
        return _("The physician has not asked for this product.")
    return "" if is_checked(standing.answer) else _("A second person has to check the physician's request.")


def _containers(standing: SupplyStanding) -> str:
    if standing.naming is None:
        return _("Nobody has named the containers and who takes them.")
    return " ".join(one.says for one in objections_to_containers(named_containers(standing.naming)))


def _evaluation(standing: SupplyStanding, shown: tuple[ShownLine, ...]) -> str:
    if standing.evaluation is None:
        return _("Quality assurance has not signed the evaluation of the risk.")
    outdated = standing.evaluation.lines != stated(shown)
    return _("A line changed after the evaluation of the risk was signed; evaluate it again.") if outdated else ""


def _statement(kind: Kind, standing: SupplyStanding, shown: tuple[ShownLine, ...]) -> str:
    row = standing.statement(kind)
    if row is None:
        return str(MISSING[kind])
    if kind is Kind.ACCEPTANCE and not _is_of_now(row, standing, shown):
        return _("The lines or the evaluation changed after the physician accepted; ask again.")
    return "" if is_checked(row) else _("A second person has to check this: %(what)s.") % {"what": kind.label}


def _is_of_now(row: SupplyStatement, standing: SupplyStanding, shown: tuple[ShownLine, ...]) -> bool:
    evaluated = standing.evaluation is not None and row.evaluation_id == standing.evaluation.pk
    return evaluated and bool(row.lines == stated(shown))
