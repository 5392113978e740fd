"""Who is trained on what, and until when."""

from datetime import timedelta

import pytest

from accounts.roles import Role
from accounts.training_matrix import Cell, Standing, matrix
from accounts.wording import today
from tests.people import a_person, at_browser, do

pytestmark = pytest.mark.django_db


@pytest.mark.clause("21 CFR 11.10(i)", "shows for each person and procedure version whether training is valid")
@pytest.mark.parametrize(
    ("days_left", "standing"),
    [
        (None, Standing.VALID), (31, Standing.VALID), (30, Standing.ENDS_SOON), (0, Standing.ENDS_SOON),
        (-1, Standing.ENDED),
    ],
)  # fmt: skip
def test_a_training_is_valid_to_the_end_of_its_last_day(days_left, standing):
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    until = None if days_left is None else today() + timedelta(days=days_left)
    do(
        "person.record_training", trainee, by=quality, procedure="MBR-X", version="2",
        trained_on=(today() - timedelta(days=9)).isoformat(), valid_until=until.isoformat() if until else None,
    )  # fmt: skip

    found = matrix()
    column = found.procedures.index(("MBR-X", "2"))
    cells = {row.person: row.cells[column] for row in found.rows}

    assert cells[trainee] == Cell(standing, until)
    assert cells[quality] == Cell(Standing.NONE)


def test_the_later_end_of_two_trainings_counts_and_page_and_api_show_it():
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    for days in (-3, 90):
        do(
            "person.record_training", trainee, by=quality, procedure="MBR-X", version="1",
            trained_on=(today() - timedelta(days=9)).isoformat(),
            valid_until=(today() + timedelta(days=days)).isoformat(),
        )  # fmt: skip
    browser = at_browser(quality)

    told = [one for one in browser.get("/api/v1/training/").json() if one["username"] == trainee.username]

    assert [one["standing"] for one in told if one["procedure"] == "MBR-X"] == ["valid"]
    assert "MBR-X" in browser.get("/training/").content.decode()
    assert at_browser(trainee).get("/training/").status_code == 403
    assert at_browser(trainee).get("/api/v1/training/").status_code == 403
