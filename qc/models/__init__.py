"""The tables of the laboratory, of the decision, of trends and of controls, one file for each thing people do."""

from qc.models.assessing import FactAssessment
from qc.models.controls import ControlLot, ControlLotApproval, ControlMeasurement, RunDecision
from qc.models.deciding import Disposition, RecordReview, ResultsApproval
from qc.models.laboratory import Reading, Result, ResultReview, Sample
from qc.models.trending import SignalAssessment, SignalClosing, TrendLimits, TrendLimitsApproval

__all__ = [
    "ControlLot",
    "ControlLotApproval",
    "ControlMeasurement",
    "Disposition",
    "FactAssessment",
    "Reading",
    "RecordReview",
    "Result",
    "ResultReview",
    "ResultsApproval",
    "RunDecision",
    "Sample",
    "SignalAssessment",
    "SignalClosing",
    "TrendLimits",
    "TrendLimitsApproval",
]
