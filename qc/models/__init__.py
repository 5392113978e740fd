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
from qc.models.contract_laboratory import ContractCertificate, ContractCertificateCompared
from qc.models.controls import ControlLot, ControlLotApproval, ControlMeasurement, RunDecision
from qc.models.deciding import Disposition, RecordReview, ResultsApproval
from qc.models.dosing import BatchDose, DoseVerification
from qc.models.exceptions import AuditTrailReviewed, ExceptionAssessed
from qc.models.importing import ImportedReading, InstrumentFile, InstrumentImport, PlateEntry, PlateReading, PlateWell
from qc.models.laboratory import Reading, Result, ResultReview, Sample
from qc.models.methods import CompleteData, ResultBasis, SuitabilityRecorded, TimedEvent
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
from qc.models.supply import (
    ExceptionalSupply,
    PhysicianAnswer,
    PhysicianAnswerChecked,
    RiskEvaluation,
    SupplyNaming,
    SupplyRevoked,
    SupplyStatement,
    SupplyStatementChecked,
)
from qc.models.trending import SignalAssessment, SignalClosing, TrendLimits, TrendLimitsApproval

__all__ = [
    "Addendum",
    "AuditTrailReviewed",
    "BagReturned",
    "BatchDose",
    "Capa",
    "CapaChecked",
    "CapaDone",
    "Complaint",
    "ComplaintClosed",
    "CompleteData",
    "ContractCertificate",
    "ContractCertificateCompared",
    "ControlLot",
    "ControlLotApproval",
    "ControlMeasurement",
    "DecisionStands",
    "Disposition",
    "DoseVerification",
    "ExceptionAssessed",
    "ExceptionalSupply",
    "FactAssessment",
    "FollowUpChecked",
    "FollowUpRecorded",
    "ImportedReading",
    "InfusionConfirmed",
    "InfusionReport",
    "InfusionReportChecked",
    "InstrumentFile",
    "InstrumentImport",
    "LaboratoryInvestigation",
    "MeasurementInvalid",
    "MeasurementInvalidReviewed",
    "NotificationDone",
    "NotificationDue",
    "OutOfSpecification",
    "OutOfSpecificationClosed",
    "PhysicianAcceptance",
    "PhysicianAnswer",
    "PhysicianAnswerChecked",
    "PlateEntry",
    "PlateReading",
    "PlateWell",
    "Reading",
    "RecordReview",
    "Result",
    "ResultBasis",
    "ResultReview",
    "ResultsApproval",
    "RetestPlan",
    "RetestPlanApproved",
    "ReturnDecided",
    "RiskEvaluation",
    "RunDecision",
    "Sample",
    "SignalAssessment",
    "SignalClosing",
    "SponsorRelease",
    "SponsorReleaseChecked",
    "SuitabilityRecorded",
    "SupplyNaming",
    "SupplyRevoked",
    "SupplyStatement",
    "SupplyStatementChecked",
    "TimedEvent",
    "TrendLimits",
    "TrendLimitsApproval",
]
