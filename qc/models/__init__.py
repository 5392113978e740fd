"""The tables of the laboratory, of the decision, of trends and of controls, one file for each thing people do."""

from qc.models.assessing import FactAssessment
from qc.models.controls import ControlLot, ControlLotApproval, ControlMeasurement, RunDecision
from qc.models.deciding import Disposition, RecordReview, ResultsApproval
from qc.models.dosing import BatchDose, DoseVerification
from qc.models.laboratory import Reading, Result, ResultReview, Sample
from qc.models.out_of_specification import (
    Capa,
    CapaChecked,
    CapaDone,
    LaboratoryInvestigation,
    MeasurementInvalid,
    MeasurementInvalidReviewed,
    OutOfSpecification,
    OutOfSpecificationClosed,
    RetestPlan,
    RetestPlanApproved,
)
from qc.models.trending import SignalAssessment, SignalClosing, TrendLimits, TrendLimitsApproval

__all__ = [
    "BatchDose",
    "Capa",
    "CapaChecked",
    "CapaDone",
    "ControlLot",
    "ControlLotApproval",
    "ControlMeasurement",
    "Disposition",
    "DoseVerification",
    "FactAssessment",
    "LaboratoryInvestigation",
    "MeasurementInvalid",
    "MeasurementInvalidReviewed",
    "OutOfSpecification",
    "OutOfSpecificationClosed",
    "Reading",
    "RecordReview",
    "Result",
    "ResultReview",
    "ResultsApproval",
    "RetestPlan",
    "RetestPlanApproved",
    "RunDecision",
    "Sample",
    "SignalAssessment",
    "SignalClosing",
    "TrendLimits",
    "TrendLimitsApproval",
]
