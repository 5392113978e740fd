"""The review of a product over a period, to take away: who takes it stands in the security log."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import security
from accounts.handing_out import attachment
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.parsing import DayField, StrictSerializer, parsed
from accounts.refusal import refuse_if, when
from accounts.roles import Permission
from accounts.sessions import station_of
from ledger import clock
from qc.trends.series import products_followed
from reports.product_review import review_of, review_pdf

LONGEST = 40


class PeriodInput(StrictSerializer[dict[str, object]]):
    """The first and the last day of the period."""

    first = DayField()
    last = DayField()


@require_safe
@needs(Permission.RECORD_READ)
@needs(Permission.RECORD_COPY)
def review(request: HttpRequest, product: str) -> HttpResponse:
    """Hand out the review of a product as a PDF."""
    title = dict(products_followed()).get(product[:LONGEST])
    if title is None:
        raise Http404
    period = parsed(PeriodInput, request.GET.dict())
    first, last = period["first"], period["last"]
    refuse_if(when(last < first, _("The last day is before the first."), field="last"))
    person = person_of(request)
    about = f"{product} {first} {last}"
    security.log("product_review", person=person, username=person.username, station=station_of(request), about=about)
    made = review_pdf(review_of(product, title, first, last), at=clock.now())
    return attachment(made, name=f"product-review-{first}-{last}.pdf", media_type="application/pdf")
