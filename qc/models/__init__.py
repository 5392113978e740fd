"""The tables of the laboratory and of the release decision, one file for each thing people do."""

from qc.models.assessing import FactAssessment
from qc.models.deciding import Disposition, RecordReview, ResultsApproval
from qc.models.dosing import BatchDose, DoseVerification
from qc.models.laboratory import Reading, Result, ResultReview, Sample

__all__ = [
    "BatchDose",
    "Disposition",
    "DoseVerification",
    "FactAssessment",
    "Reading",
    "RecordReview",
    "Result",
    "ResultReview",
    "ResultsApproval",
    "Sample",
]
