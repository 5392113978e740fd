"""The tables of the laboratory and of the release decision, one file for each thing people do."""

from qc.models.after_release import Addendum, DecisionStands, NotificationDone, NotificationDue
from qc.models.assessing import FactAssessment
from qc.models.deciding import Disposition, RecordReview, ResultsApproval
from qc.models.laboratory import Reading, Result, ResultReview, Sample
from qc.models.releasing import PhysicianAcceptance, SponsorRelease, SponsorReleaseChecked

__all__ = [
    "Addendum",
    "DecisionStands",
    "Disposition",
    "FactAssessment",
    "NotificationDone",
    "NotificationDue",
    "PhysicianAcceptance",
    "Reading",
    "RecordReview",
    "Result",
    "ResultReview",
    "ResultsApproval",
    "Sample",
    "SponsorRelease",
    "SponsorReleaseChecked",
]
