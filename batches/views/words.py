"""How statuses and verdicts of this room are shown: the code of the chip and its words."""

from django.utils.translation import gettext_lazy

from accounts.refusal import Text
from batches.judging import STATUS_OF, Verdict
from batches.record import Status
from batches.yields import YieldStatus

STATUS_CODES = {
    Status.NOT_STARTED: "none",
    Status.IN_PROGRESS: "progress",
    Status.PERFORMED: "wait",
    Status.COMPLETE: "pass",
    Status.NEEDS_AGAIN: "warn",
    Status.LEFT_OUT: "none",
}
VERDICT_CODES = STATUS_OF
YIELD_CODES = {
    YieldStatus.WAITING: "none",
    YieldStatus.TO_VERIFY: "wait",
    YieldStatus.VERIFIED: "pass",
    YieldStatus.CHANGED: "warn",
    YieldStatus.NONE: "none",
}
VERDICT_WORDS: dict[Verdict, Text] = {
    Verdict.MEETS: gettext_lazy("Conforms"),
    Verdict.FAILS: gettext_lazy("Out of limit"),
    Verdict.NOT_JUDGED: "",
}
