"""How a batch and its bags stood at a moment: what would have kept a bag here then, and whether it had left."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from batches.fates import CERTIFIED
from batches.models import Batch
from batches.pinned import product_of
from chain_of_custody.models import Container, HandOverAccepted, Party
from qc.models import Addendum, Disposition, InfusionReport, NotificationDue, SponsorReleaseChecked
from qc.release.notifying import positives_of


def decision_at(batch: Batch, moment: datetime) -> Disposition | None:
    """Give the decision on a batch that was in force at a moment, or None."""
    return Disposition.objects.filter(batch=batch, signed_at__lte=moment).order_by("-version").first()


def kept_at(batch: Batch, moment: datetime) -> list[str]:
    """Give what kept the bags of a batch here at a moment, one sentence each.

    A positive result counts from when people were told of it, while it stands; an addendum from its signature until the
    decision on it.
    """
    decision = decision_at(batch, moment)
    if decision is None or decision.decision not in CERTIFIED:
        words = decision.get_decision_display() if decision else _("not decided")
        return [_("%(batch)s was not certified then: %(words)s.") % {"batch": batch.number, "words": words}]
    return [*_sponsor(batch, decision, moment), *_positive(batch, moment), *_addenda(decision, moment)]


def _sponsor(batch: Batch, decision: Disposition, moment: datetime) -> list[str]:
    if not product_of(batch).profile.sponsor_release:
        return []
    checked = SponsorReleaseChecked.objects.filter(release__decision=decision, signed_at__lte=moment).exists()
    return [] if checked else [_("The sponsor had not released it.")]


def _positive(batch: Batch, moment: datetime) -> list[str]:
    known = set(NotificationDue.objects.filter(batch=batch, recorded_at__lte=moment).values_list("line", flat=True))
    return [says for line, says in positives_of(batch).items() if line in known]


def _addenda(decision: Disposition, moment: datetime) -> list[str]:
    held = Addendum.objects.filter(decision=decision, signed_at__lte=moment).exclude(blocks=[])
    open_then = held.exclude(stands__signed_at__lte=moment)
    return [_("An addendum blocked: %(about)s.") % {"about": one.about} for one in open_then.order_by("recorded_at")]


def acceptances_of(container: Container) -> list[HandOverAccepted]:
    """Give every acceptance of a container, in the order of the record."""
    found = HandOverAccepted.objects.filter(offered__coi=container.coi_id).select_related(
        "offered__giver_party", "offered__taker_party", "offered__shipper", "place", "check_of_attestation", "person"
    )
    return [one for one in found.order_by("recorded_at", "pk") if str(container.pk) in one.offered.containers]


def has_left(container: Container) -> bool:
    """Tell whether somebody else than this site ever took a container."""
    return any(one.offered.taker_party.kind != Party.Kind.OWN_SITE for one in acceptances_of(container))


def reports_in_force(batch: Batch) -> list[InfusionReport]:
    """Give the reports that nobody set aside."""
    return [one for one in reports_of(batch) if not is_set_aside(one)]


def reports_of(batch: Batch) -> list[InfusionReport]:
    """Give every report of a batch and of its bags that were given elsewhere, as they came."""
    of_bags = Q(identity_check__container__assignment__batch_number=batch.number)
    found = InfusionReport.objects.filter(Q(batch=batch) | of_bags).select_related(
        "identity_check__container__assignment", "confirmed__fate", "checked", "evidence", "batch"
    )
    return list(found.order_by("recorded_at", "pk"))


def is_set_aside(report: InfusionReport) -> bool:
    """Tell whether a second person found that a report does not agree with its evidence."""
    return hasattr(report, "checked") and not report.checked.agrees


def is_compared(report: InfusionReport) -> bool:
    """Tell whether a second person has compared a report with its evidence."""
    return hasattr(report, "confirmed") or hasattr(report, "checked")


def page_of(batch: Batch) -> str:
    """Give the address of what happens to a batch after its release."""
    return f"/batches/{batch.number}/after-release/"
