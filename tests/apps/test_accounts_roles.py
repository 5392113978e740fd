"""The table of roles, written out a second time by hand: whoever changes one must change the other."""

import itertools

import pytest

from accounts.acts import all_acts
from accounts.refusal import Refused
from accounts.roles import TABLE, Permission, Role, permissions_of
from accounts.signing import ask
from tests.people import a_person, a_site, administrators

#            technician  analyst  reviewer  QA  QP  logistics  inspector  administrator
EXPECTED = """
account.manage         .  .  .  .  .  .  .  x
security.read          .  .  .  x  .  .  .  x
access.review          .  .  .  x  .  .  .  .
training.record        .  .  .  x  .  .  .  .
block.lift             .  .  x  x  .  .  .  .
account.own            x  x  x  x  x  x  x  x
record.read            x  x  x  x  x  x  .  .
record.read_granted    .  .  .  x  .  .  x  .
record.copy            .  .  .  x  x  .  x  .
inspection.manage      .  .  .  x  .  .  .  .
ledger.verify          .  .  x  x  x  .  .  .
incident.close         .  .  .  x  x  .  .  .
identity.erase         .  .  .  x  x  .  .  .
legal_hold.set         .  .  .  x  .  .  .  .
true_copy.certify      x  x  x  x  .  x  .  .
subject.register       .  .  .  x  .  x  .  .
collection.register    x  .  .  .  .  x  .  .
custody.record         x  x  x  .  .  x  .  .
party.register         .  .  .  x  .  x  .  .
definition.prepare     .  .  x  x  .  .  .  .
definition.approve     .  .  .  x  x  .  .  .
order.place            .  .  .  x  .  x  .  .
weight.verify          x  .  .  x  .  x  .  .
batch.issue            .  .  .  x  .  .  .  .
step.work              x  .  .  .  .  .  .  .
step.witness           x  .  .  .  .  .  .  .
starting_material.decide . .  x  x  .  .  .  .
material.receive       x  .  .  .  .  x  .  .
equipment.care         x  .  x  x  .  .  .  .
equipment.manage       .  .  .  x  .  .  .  .
container.end          x  .  .  x  .  x  .  .
plan.manage            .  .  x  x  .  x  .  .
order.end              .  .  .  x  x  .  .  .
alarm.acknowledge      x  x  x  x  x  x  .  .
oncall.manage          .  .  .  x  .  .  .  .
sample.receive         .  x  .  .  .  .  .  .
result.enter           .  x  .  .  .  .  .  .
result.review          .  .  x  .  .  .  .  .
results.approve        .  .  x  .  .  .  .  .
control_run.decide     .  x  x  .  .  .  .  .
trend_limits.approve   .  .  .  x  .  .  .  .
trend_signal.close     .  .  x  x  .  .  .  .
dose.determine         .  .  x  x  .  .  .  .
batch.hold             .  .  x  x  x  .  .  .
fact.assess            .  .  .  x  .  .  .  .
record.review          .  .  .  x  .  .  .  .
batch.certify          .  .  .  .  x  .  .  .
outside.record         .  .  .  x  x  .  .  .
"""
ROWS = {row.split()[0]: row.split()[1:] for row in EXPECTED.strip().splitlines()}


def test_the_table_names_every_permission_once():
    assert sorted(ROWS) == sorted(Permission.values)


@pytest.mark.clause("21 CFR 211.22", "lets quality alone approve masters, specifications, lots and batches")
def test_production_approves_nothing():
    approvals = {
        Permission.DEFINITION_APPROVE, Permission.FACT_ASSESS, Permission.RECORD_REVIEW, Permission.BATCH_CERTIFY,
        Permission.BATCH_ISSUE, Permission.RESULTS_APPROVE, Permission.STARTING_MATERIAL, Permission.EQUIPMENT_MANAGE,
        Permission.TREND_LIMITS_APPROVE,
    }  # fmt: skip

    for role in (Role.TECHNICIAN, Role.LOGISTICS, Role.QC_ANALYST, Role.ADMINISTRATOR):
        assert not approvals & TABLE[role]


@pytest.mark.parametrize(("permission", "role"), list(itertools.product(Permission, Role)))
def test_a_role_allows_exactly_what_the_table_says(permission, role):
    column = list(Role).index(role)

    assert (permission in TABLE[role]) is (ROWS[permission][column] == "x")


def test_permissions_of_several_roles_add_up():
    together = permissions_of(["technician", "qc_analyst"])

    assert together == TABLE[Role.TECHNICIAN] | TABLE[Role.QC_ANALYST]


def test_an_unknown_role_allows_nothing():
    assert permissions_of(["superuser"]) == frozenset()


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_an_act_is_refused_to_every_role_that_lacks_its_permission(role):
    site = a_site()
    person = administrators()[0] if role == Role.ADMINISTRATOR else a_person(role)
    other = administrators()[1]
    reason = {"reason": "because of this test"}
    intents = {
        "person.admit": (site, {
            "username": "new.one", "name": "New One", "roles": ["qa"], "identity_document": "passport",
            "identity_checked_on": "2026-01-05",
        }),
        "person.change_roles": (other, reason | {"roles": ["qa"]}),
        "person.deactivate": (other, reason),
        "person.reset_key": (other, reason),
        "key.revoke": (other, reason),
        "person.lift_block": (other, reason),
        "person.record_training": (other, {"procedure": "P", "version": "1", "trained_on": "2026-01-05"}),
        "access.review": (site, {"as_of": 1, "found": "Every account was read."}),
        "lot.receive": (site, {
            "code": "L-1", "kind": "reagent", "item": "x", "name": "x", "supplier": "x", "certificate": "x",
            "expires_on": "2199-01-01",
        }),
    }  # fmt: skip
    for act in all_acts():
        if act.code not in intents:
            continue
        subject, intent = intents[act.code]
        try:
            ask(act.code, subject.pk, intent, by=person)
            codes = set()
        except Refused as refused:
            codes = {objection.code for objection in refused.objections}
        assert ("lacks_permission" in codes) is (ROWS[act.permission][list(Role).index(role)] == "."), act.code
