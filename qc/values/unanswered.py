"""The verdict where there is nothing to compare: no result yet, none made, or one that doesn't count."""

from qc.values.seen import Invalid, NotTested, Seen, WrongKindError, in_words
from qc.values.verdicts import Judgement, Verdict


def unanswered(seen: Seen, *, expected: str, rule: str = "") -> Judgement:
    """Pending or indeterminate, never a pass; anything that was measured is of the wrong kind here."""
    if seen is None:
        return Judgement(Verdict.PENDING, in_words(seen), "", rule, "There is no result yet.")
    if isinstance(seen, NotTested):
        why = f"Not tested: {seen.reason} A waiver is needed."
        return Judgement(Verdict.INDETERMINATE, in_words(seen), "", rule, why)
    if isinstance(seen, Invalid):
        why = f"The test doesn't count: {seen.reason} Repeat it."
        return Judgement(Verdict.INDETERMINATE, in_words(seen), "", rule, why)
    raise WrongKindError(f"This criterion judges {expected}, not {type(seen).__name__.lower()}.")
