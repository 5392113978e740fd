"""The review by exception of a record, for programs. Its acts are `exception.judge` and `audit_trail.review`."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.api.shapes_review import ReviewOutput
from qc.batch_act import batch_called
from qc.record_read import RecordRead
from qc.review_by_exception.reviewing import review_of
from qc.review_by_exception.rules import RULES_VERSION


class ReviewView(APIView):
    """The exceptions of a record, every check, and what is new in its audit trail."""

    @documented("Read the review by exception of a batch", answers=ReviewOutput, tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        batch = batch_called(number)
        read = RecordRead(batch)
        found = review_of(batch, read)
        answer = {
            "rules": RULES_VERSION,
            "exceptions": found.exceptions,
            "checks": found.checks,
            "audit_trail": read.trail,
        }
        return Response(ReviewOutput(answer).data)
