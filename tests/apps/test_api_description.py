"""The description of the API: complete, valid, and for people who are signed in."""

import pytest
from django.urls import get_resolver
from drf_spectacular.validation import validate_schema
from rest_framework import serializers

from accounts.acts import all_acts
from accounts.parsing import StrictSerializer, plain_intent
from accounts.refusal import BadInput
from accounts.roles import Role
from tests.people import a_person, at_browser

pytestmark = pytest.mark.django_db

REFUSALS = {"400", "401", "403", "404", "409", "422", "429"}


@pytest.fixture
def described():
    return at_browser(a_person(Role.QA)).get("/api/v1/schema/").json()


def test_it_is_openapi_3_1_and_valid(described):
    assert described["openapi"].startswith("3.1")
    validate_schema(described)


def test_every_operation_says_how_it_refuses(described):
    silent = [
        f"{method} {path}"
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post", "put", "patch", "delete"}
        and path != "/api/v1/schema/"
        and not set(operation["responses"]) >= REFUSALS
    ]

    assert silent == []


def test_nothing_can_be_changed_or_deleted_by_the_api(described):
    methods = {method for operations in described["paths"].values() for method in operations}

    assert methods & {"put", "patch", "delete"} == set()


def test_every_act_is_listed_with_the_shape_of_its_choices():
    listed = at_browser(a_person(Role.QA)).get("/api/v1/acts/").json()

    rows = listed["results"] if isinstance(listed, dict) else listed
    assert {row["code"] for row in rows} == {act.code for act in all_acts()}
    assert all("intent" in row for row in rows)


# What nobody may say about a record of theirs: who, when, where in the ledger, and what was decided.
SAID_BY_NOBODY = {
    "actor", "by", "disposition", "is_staff", "is_superuser", "meaning", "prev_hash", "recorded_at", "released_by",
    "seq", "sha256", "signed_at", "signer", "signer_name", "signer_role", "stream", "verdict",
}  # fmt: skip


@pytest.mark.parametrize("act", all_acts(), ids=lambda act: act.code)
def test_an_act_takes_no_field_beyond_its_own(act):
    with pytest.raises(BadInput) as refused:
        plain_intent(act.asks, dict.fromkeys(SAID_BY_NOBODY, "released"))
    assert {one.field for one in refused.value.objections} >= SAID_BY_NOBODY


def test_nothing_that_records_takes_a_field_beyond_its_own():
    get_resolver().url_patterns  # noqa: B018  so that every view, and with it every shape, is loaded
    shapes = [one for one in _all_below(serializers.BaseSerializer) if one.__name__.endswith(("Input", "Form"))]
    ours = [one for one in shapes if one.__module__.split(".")[0] not in {"rest_framework", "drf_spectacular"}]

    assert len(ours) > 30
    # A file comes as a form of its own, of which the file alone is read.
    assert [one.__name__ for one in ours if not issubclass(one, StrictSerializer)] == ["FileInput"]


def _all_below(kind: type) -> set[type]:
    found: set[type] = set()
    subclasses: list[type] = type.__subclasses__(kind)
    for below in subclasses:
        found |= {below, *_all_below(below)}
    return found


def test_nobody_else_reads_it(client):
    assert client.get("/api/v1/schema/").status_code == 401
    assert client.get("/api/v1/docs/").status_code == 401
