"""The description of the API: complete, valid, and for people who are signed in."""

import pytest
from drf_spectacular.validation import validate_schema

from accounts.acts import all_acts
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


def test_nobody_else_reads_it(client):
    assert client.get("/api/v1/schema/").status_code == 401
    assert client.get("/api/v1/docs/").status_code == 401
