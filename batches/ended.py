"""Whether manufacture or the order behind a batch has ended, and what that stops.

(1) After either end no new step begins. A step that was begun goes on: nothing keeps people from recording what they
    do with living cells.
(2) A batch whose manufacture ended is never certified; it can be refused, and the order can have another attempt.
(3) The end of an order changes nothing about what quality decided on its batches.
"""

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from accounts.wording import day
from batches.models import Batch, ManufactureEnded, Order, OrderEnded


def manufacture_end_of(batch: Batch) -> ManufactureEnded | None:
    """Give how the manufacture of a batch ended before its last step, or None."""
    return ManufactureEnded.objects.filter(batch=batch).first()


def order_end_of(order: Order) -> OrderEnded | None:
    """Give how an order ended, or None while it is open."""
    return OrderEnded.objects.filter(order=order).first()


def manufacture_end_words(ended: ManufactureEnded) -> str:
    """Write how and why manufacture ended."""
    return f"{ended.get_how_display()}, {ended.get_why_display()}"


def order_end_words(ended: OrderEnded) -> str:
    """Write how an order ended, and when."""
    return f"{ended.get_how_display()}, {day(ended.happened_on)}"


def objections_to_going_on(batch: Batch) -> list[Objection]:
    """Give the reasons why no new step of a batch may begin: its manufacture or its order ended."""
    ended, order_ended = manufacture_end_of(batch), order_end_of(batch.order)
    return [
        *when(
            ended is not None,
            _("Manufacture of this batch ended: %(how)s. No new step begins; what was begun can be recorded.")
            % {"how": manufacture_end_words(ended) if ended else ""},
            code="manufacture_ended",
        ),
        *objections_to_ended_order(order_ended),
    ]


def objections_to_ended_order(ended: OrderEnded | None) -> list[Objection]:
    """Object to planning or beginning anything for an order that ended."""
    return when(
        ended is not None,
        _("The order ended: %(how)s. Nothing new begins for it.") % {"how": order_end_words(ended) if ended else ""},
        code="order_ended",
    )


def objections_to_certifying_ended(ended: ManufactureEnded | None) -> list[Objection]:
    """Object to certifying a batch that was not made to its end."""
    return when(
        ended is not None,
        _("Manufacture ended: %(how)s. This batch can't be certified.")
        % {"how": manufacture_end_words(ended) if ended else ""},
        code="manufacture_ended",
    )


def batch_in_the_way(order: Order) -> Batch | None:
    """Give the batch because of which an order can have no further attempt: neither decided on nor ended."""
    undecided = Batch.objects.filter(order=order, state__disposition="none")
    return undecided.exclude(pk__in=ManufactureEnded.objects.values("batch")).order_by("number").first()
