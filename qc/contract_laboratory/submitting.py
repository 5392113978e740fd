"""A result whose readings come from a certificate is submitted under words of its own: nobody here made the test."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, register
from accounts.models import Person
from accounts.refusal import Objection, when
from qc.contract_laboratory.certificates import certificates_behind
from qc.laboratory.testing import SubmitResult, line_in
from qc.record_read import RecordRead


@register
class SubmitContractResult(SubmitResult):
    """Bind readings that two people took from a certificate into one result version, judged by our specification."""

    code = "result.submit_contract"
    title = gettext_lazy("Submit a contract laboratory's result")
    meaning_text = gettext_lazy(
        "I submit this result of the laboratory named; two people typed the same from its certificate."
    )
    of_certificates = True

    def objections(self, subject: RecordRead, intent: Intent, by: Person) -> list[Objection]:
        found = line_in(subject, intent["line"])
        return [
            *when(
                found.readings and not certificates_behind(found.readings),
                _("This was tested here. Submit it as your own test."),
                code="tested_here",
            ),
            *super().objections(subject, intent, by),
        ]
