"""The tables of the laboratory, of the decision, of trends and of controls, one file for each thing people do."""

from qc.models.after_infusion import (
    BagReturned,
    Complaint,
    ComplaintClosed,
    FollowUpChecked,
    FollowUpRecorded,
    InfusionConfirmed,
    InfusionReport,
    InfusionReportChecked,
    ReturnDecided,
)
from qc.models.after_release import Addendum, DecisionStands, NotificationDone, NotificationDue
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
from qc.models.releasing import PhysicianAcceptance, SponsorRelease, SponsorReleaseChecked
from qc.models.trending import SignalAssessment, SignalClosing, TrendLimits, TrendLimitsApproval

__all__ = [
    "Addendum",
    "BagReturned",
    "BatchDose",
    "Capa",
    "CapaChecked",
    "CapaDone",
    "Complaint",
    "ComplaintClosed",
    "ControlLot",
    "ControlLotApproval",
    "ControlMeasurement",
    "DecisionStands",
    "Disposition",
    "DoseVerification",
    "FactAssessment",
    "FollowUpChecked",
    "FollowUpRecorded",
    "InfusionConfirmed",
    "InfusionReport",
    "InfusionReportChecked",
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
    "ReturnDecided",
    "RunDecision",
    "Sample",
    "SignalAssessment",
    "SignalClosing",
    "SponsorRelease",
    "SponsorReleaseChecked",
    "TrendLimits",
    "TrendLimitsApproval",
]
