"""The tables of identity and custody."""

from chain_of_custody.models.containers import (
    Assignment,
    Collection,
    CollectionVerification,
    Container,
    ContainerState,
    IdentityCheck,
)
from chain_of_custody.models.custody import (
    AttestationCheck,
    Excursion,
    HandOverAccepted,
    HandOverHalf,
    HandOverOffered,
    Placement,
)
from chain_of_custody.models.donors import DonorTest, DonorTestVerified
from chain_of_custody.models.fates import ContainerFate, ContainerFateWitnessed
from chain_of_custody.models.identity import (
    ChainOfIdentity,
    ErasureApproved,
    ErasureProposed,
    Party,
    Place,
    Subject,
    SubjectIdentity,
)
from chain_of_custody.models.temperature import (
    LoggerFile,
    LoggerTrace,
    OfStay,
    TemperatureUnknown,
    TraceExcursion,
)

__all__ = [
    "Assignment",
    "AttestationCheck",
    "ChainOfIdentity",
    "Collection",
    "CollectionVerification",
    "Container",
    "ContainerFate",
    "ContainerFateWitnessed",
    "ContainerState",
    "DonorTest",
    "DonorTestVerified",
    "ErasureApproved",
    "ErasureProposed",
    "Excursion",
    "HandOverAccepted",
    "HandOverHalf",
    "HandOverOffered",
    "IdentityCheck",
    "LoggerFile",
    "LoggerTrace",
    "OfStay",
    "Party",
    "Place",
    "Placement",
    "Subject",
    "SubjectIdentity",
    "TemperatureUnknown",
    "TraceExcursion",
]
