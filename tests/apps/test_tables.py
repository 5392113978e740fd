"""Every table is a record that never changes, or is named here as what it is instead."""

from django.apps import apps
from django.db import models

from ledger import guards
from ledger.models import Written

ROOMS = ("ledger", "accounts", "chain_of_custody", "batches", "qc", "reports", "config")
LEDGER = {"ledger.entry", "ledger.payload", "ledger.envelope"}
LOG = {"accounts.securityevent"}
CACHES = {
    "ledger.head",
    "ledger.incidentstate",
    "accounts.personstate",
    "chain_of_custody.containerstate",
    "batches.batchstate",
    "batches.lotstate",
    "batches.areastate",
}
CONFIGURATION = {
    "ledger.counter",
    "ledger.outboxjob",
    "accounts.keywrap",
    "accounts.challenge",
    "accounts.onetimelink",
    "accounts.failurecounter",
    "accounts.tokenuse",
}


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in ROOMS]


def test_every_table_is_a_record_or_named_as_something_else():
    others = {model._meta.label_lower for model in our_models() if not issubclass(model, Written)}

    assert others == LEDGER | LOG | CACHES | CONFIGURATION


def test_records_ledger_and_log_are_guarded_and_nothing_else_is():
    guarded = {model._meta.label_lower for model in guards.guarded_models()}
    records = {model._meta.label_lower for model in our_models() if issubclass(model, Written)}

    assert guarded == records | LEDGER | LOG


def test_no_record_disappears_with_another():
    loose = [
        f"{model._meta.label_lower}.{field.name}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is not models.PROTECT
    ]

    assert loose == []


def test_nothing_measured_is_a_binary_fraction():
    fractions = [
        f"{model._meta.label_lower}.{field.name}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FloatField | models.DecimalField)
    ]

    assert fractions == []
