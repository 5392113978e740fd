"""The tables of the laboratory, of the decision, of trends and of controls, one file for each thing people do."""

from qc.models.after_release import Addendum, DecisionStands, NotificationDone, NotificationDue
from qc.models.assessing import FactAssessment
from qc.models.controls import ControlLot, ControlLotApproval, ControlMeasurement, RunDecision
from qc.models.deciding import Disposition, RecordReview, ResultsApproval
from qc.models.dosing import BatchDose, DoseVerification
from qc.models.exceptions import AuditTrailReviewed, ExceptionAssessed
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
from qc.models.releasing import PhysicianAcceptance, SponsorRelease, SponsorReleaseChecked
from qc.models.trending import SignalAssessment, SignalClosing, TrendLimits, TrendLimitsApproval

__all__ = [
    "Addendum",
    "AuditTrailReviewed",
    "BatchDose",
    "Capa",
    "CapaChecked",
    "CapaDone",
    "ControlLot",
    "ControlLotApproval",
    "ControlMeasurement",
    "DecisionStands",
    "Disposition",
    "DoseVerification",
    "ExceptionAssessed",
    "FactAssessment",
    "LaboratoryInvestigation",
    "MeasurementInvalid",
    "MeasurementInvalidReviewed",
    "NotificationDone",
    "NotificationDue",
    "OutOfSpecification",
    "OutOfSpecificationClosed",
    "PhysicianAcceptance",
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
    "SponsorRelease",
    "SponsorReleaseChecked",
    "TrendLimits",
    "TrendLimitsApproval",
]
