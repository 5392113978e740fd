"""What cannot have been at a bedside: the only reasons for which a report is not taken."""

from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext as _

from accounts.acts import Intent
from accounts.refusal import Objection, when
from accounts.wording import record_time
from chain_of_custody.models import Container

MOST_OF_A_BAG = 2  # more than twice what it was filled with is a slip of the pen


def moment(intent: Intent, name: str) -> datetime | None:
    """Give a time of an intent, if it was stated."""
    return datetime.fromisoformat(intent[name]) if intent[name] else None


def number(intent: Intent, name: str) -> Decimal | None:
    """Give a number of an intent, if it was stated."""
    return Decimal(intent[name]) if intent[name] is not None else None


def objections_to_times(intent: Intent, container: Container | None) -> list[Objection]:
    """Object to times that cannot have been, and to an infusion without its beginning."""
    order = ("thaw_started_at", "thaw_ended_at", "started_at", "ended_at")
    known = [(name, at) for name in order if (at := moment(intent, name)) is not None]
    backwards = next((later[0] for earlier, later in pairwise(known) if later[1] < earlier[1]), "")
    first = known[0][1] if known else None
    return [
        *when(
            intent["took_place"] and not intent["started_at"],
            _("Enter when the infusion began. If nothing was infused, say so."),
            field="started_at",
        ),
        *when(
            not intent["took_place"] and (intent["started_at"] or intent["ended_at"] or intent["volume_ml"]),
            _("Nothing was infused, and yet a time or a volume of an infusion is given. Check which is right."),
            field="took_place",
        ),
        *when(backwards, _("The times run backwards. Check them: thaw, then infusion."), field=backwards),
        *when(
            container is not None and first is not None and first < container.made_at,
            _("This is before the bag was made, %(time)s. Check the time.")
            % {"time": record_time(container.made_at) if container else ""},
            code="too_early",
            field=known[0][0] if known else "",
        ),
    ]


def objections_to_amounts(intent: Intent, container: Container | None) -> list[Objection]:
    """Object to amounts that cannot have been, and to an infusion of which nobody says whether it was whole."""
    volume, rest = number(intent, "volume_ml"), number(intent, "remainder_ml")
    filled = container.volume_ml if container else None
    return [
        *when(
            volume is not None and volume <= 0,
            _("A volume that was infused is above zero. If nothing was infused, say so."),
            field="volume_ml",
        ),
        *when(rest is not None and rest < 0, _("A volume is never below zero."), field="remainder_ml"),
        *when(
            volume is not None and filled is not None and volume > MOST_OF_A_BAG * filled,
            _("The bag was filled with %(filled)s mL and can't hold that much. Check the volume.")
            % {"filled": f"{filled:f}" if filled is not None else ""},
            field="volume_ml",
        ),
        *when(
            intent["took_place"] and intent["in_full"] is None,
            _("Say whether the bag was infused in full."),
            field="in_full",
        ),
        *when(
            intent["took_place"] and intent["in_full"] is False and not intent["remainder"].strip(),
            _("Say what became of the rest."),
            field="remainder",
        ),
    ]
