"""How long the record of a batch is kept, as its page, the API and the erasure of a subject's identity ask it.

The earliest day of destruction is computed from the record each time it is asked, never stored. Where anything is
missing there is none: no decision, no expiry, a rule that waits for a fact, a legal hold.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import Text
from accounts.wording import day, local
from batches.models import Batch, BatchState, LegalHold, Order
from batches.pinned import product_of
from batches.retention_rules import Facts, Missing, Rule, Term, longest, terms
from batches.spans import life_after
from chain_of_custody.erasing import Kept
from chain_of_custody.models import Container, Subject
from ledger.models import Entry

# How the ledger calls the decisions of quality, which a room to the right writes.
DECISIONS = ("batch.certified_conditionally", "batch.certified", "batch.not_certified", "batch.withdrawn")

WORDS: dict[Rule, Text] = {
    Rule.EU_TRACEABILITY: gettext_lazy("EU traceability, Reg. (EC) 1394/2007 Art. 15"),
    Rule.US_211_180: gettext_lazy("21 CFR 211.180, 1 year after expiry"),
    Rule.US_600_12: gettext_lazy("21 CFR 600.12(b), 5 years after the record or 6 months after expiry"),
    Rule.US_1271_55: gettext_lazy("21 CFR 1271.55, 10 years after administration"),
}
MISSING: dict[Missing, Text] = {
    Missing.EXPIRY: gettext_lazy("no expiry is known, because no final container was filled"),
    Missing.DECISION: gettext_lazy("no decision on the batch was made"),
    Missing.ADMINISTRATION: gettext_lazy("the day of administration is not known"),
}


@dataclass(frozen=True, slots=True)
class Retention:
    """What keeps the record of one batch: each rule's term, and the legal holds that are not lifted."""

    batch: Batch
    facts: Facts
    terms: tuple[Term, ...]
    holds: tuple[LegalHold, ...]

    @property
    def longest(self) -> Term:
        """The rule that keeps the record longest."""
        return longest(self.terms)

    @property
    def until(self) -> date | None:
        """The last day on which the record must be there; None where no day can be given."""
        return None if self.reasons else self.longest.until

    @property
    def destroyed_from(self) -> date | None:
        """The earliest day on which the record may be destroyed; None where no day can be given."""
        return self.until + timedelta(days=1) if self.until else None

    @property
    def reasons(self) -> list[str]:
        """Why no day can be given, one sentence part each; empty where there is a day."""
        undecided = [Missing.DECISION] if self.facts.decided is None else []
        missing = dict.fromkeys([*undecided, *(one.missing for one in self.terms if one.missing is not None)])
        holds = [_("legal hold since %(day)s") % {"day": day(hold.signed_at)} for hold in self.holds]
        return [*(str(MISSING[one]) for one in missing), *holds]

    @property
    def words(self) -> str:
        """Say until when the record is kept and by which rule, or why no day can be given."""
        if self.until is None:
            return _("kept: %(reasons)s") % {"reasons": "; ".join(self.reasons)}
        return _("kept until %(day)s (%(rule)s)") % {"day": day(self.until), "rule": WORDS[self.longest.rule]}


def retention_of(batch: Batch) -> Retention:
    """Compute until when the record of a batch must be kept, by the rules of the product that it is pinned to."""
    product = product_of(batch)
    facts = Facts(
        expires=_latest_expiry(batch),
        decided=_decided(batch),
        administered=None,
        traceability_years=product.traceability_years,
    )
    holds = LegalHold.objects.filter(batch=batch, lifted=None).order_by("recorded_at")
    return Retention(batch, facts, terms(product.retention, facts), tuple(holds))


def _latest_expiry(batch: Batch) -> date | None:
    """Give the latest day on which any final container of a batch expires, as the site counts days."""
    life = product_of(batch).shelf_life
    final = Container.objects.filter(assignment__batch_number=batch.number, kind=Container.Kind.FINAL_BAG)
    ends = [one.expires_at or life_after(one.made_at, life.amount, life.unit) for one in final]
    return max(local(end).date() for end in ends) if ends else None


def _decided(batch: Batch) -> date | None:
    """Give the day of the newest decision on a batch: with it the manufacturing record was completed."""
    if batch.state.disposition == BatchState.Disposition.NONE:
        return None
    newest = Entry.objects.filter(stream=batch.stream_name(), type__in=DECISIONS).order_by("-sseq").first()
    return local(newest.at).date() if newest else None


def kept_for(subject: Subject) -> list[Kept]:
    """Give what keeps the identity record of a subject in this room: each batch, and each order without a batch."""
    batches = Batch.objects.filter(order__coi__subject=subject).select_related("product", "state").order_by("number")
    orders = Order.objects.filter(coi__subject=subject, batches=None).order_by("number")
    found = []
    for batch in batches:
        retention = retention_of(batch)
        words = _("Batch %(number)s: %(words)s") % {"number": batch.number, "words": retention.words}
        found.append(Kept(words, retention.until))
    found += [
        Kept(_("Order %(number)s: kept: it has no batch yet") % {"number": order.number}, None) for order in orders
    ]
    return found
