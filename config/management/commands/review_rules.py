"""`./dev review-rules`: write the published page of the rules of the review by exception."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from qc.review_by_exception.rules_page import page


class Command(BaseCommand):
    """Write docs/reference/review-rules.md from the rules in the code."""

    help = "Write docs/reference/review-rules.md from the rules of the review by exception."

    def handle(self, *_args: Any, **_options: Any) -> None:  # Any: Django's own signature
        target = settings.BASE_DIR / "docs" / "reference" / "review-rules.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(page(), encoding="utf-8")
        self.stdout.write(str(target))
