"""The tables of the laboratory and of the release decision, one file for each thing people do."""

from qc.models.assessing import FactAssessment
from qc.models.deciding import Disposition, RecordReview, ResultsApproval
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

__all__ = [
    "Capa",
    "CapaChecked",
    "CapaDone",
    "Disposition",
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
    "Sample",
]
