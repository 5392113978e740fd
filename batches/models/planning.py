"""Which suite or device is planned for an order, from when to when."""

from django.db import models

from batches.models.orders import Order
from batches.models.premises import Area
from ledger.models import Written


class SuiteBooking(Written):
    """An area is planned for an order; a later booking supersedes it with a reason, or gives the area free."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="bookings")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_given_free = models.BooleanField(default=False)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="a_booking_ends_after_it_began"
            )
        ]

    def stream_name(self) -> str:
        return self.order.stream_name()
