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
    "Party",
    "Place",
    "Placement",
    "Subject",
    "SubjectIdentity",
]
