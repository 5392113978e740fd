"""What a component says, whatever it is given."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string

from accounts.statuses import Status

AT = datetime(2026, 11, 14, 13, 32, 7, tzinfo=UTC)


def shown(source: str, **context: object) -> str:
    """Render a piece of a template."""
    return Template("{% load cellwright %}" + source).render(Context(context))


@pytest.mark.parametrize("status", Status)
def test_a_chip_has_shape_and_word(status: Status) -> None:
    chip = shown("{% status_chip status %}", status=status)

    assert "<svg" in chip
    assert status.word in chip
    assert f"status--{status.code}" in chip


@pytest.mark.parametrize("word", ["", None])
def test_a_chip_without_a_word_of_its_own_says_the_usual_one(word: str | None) -> None:
    assert "Conforms" in shown('{% status_chip "pass" word=word %}', word=word)


def test_a_chip_says_another_word_where_one_is_given() -> None:
    chip = shown('{% status_chip "pass" word="14 conform" %}')

    assert "14 conform" in chip
    assert "Conforms" not in chip


def test_a_record_time_carries_zone_and_offset() -> None:
    assert "14 Nov 2026 14:32:07 CET (UTC+01:00)" in shown("{% record_time at %}", at=AT)


@pytest.mark.parametrize(
    "tag", ["{% record_time at %}", "{% short_time at %}", "{{ at|clock_time }}", "{{ at|identifier }}"]
)
def test_nothing_is_shown_for_no_time_and_no_identifier(tag: str) -> None:
    assert shown(tag, at=None) == ""


@pytest.mark.parametrize(
    "source", ["{{ text|identifier }}", "{{ text|boxed_check }}", '{% status_chip "pass" word=text %}']
)
def test_markup_in_a_text_is_shown_as_text(source: str) -> None:
    assert "<b>" not in shown(source, text="<b>A9999</b> [N]")


def test_a_check_character_in_brackets_stands_in_a_box() -> None:
    boxed = shown("{{ din|boxed_check }}", din="A9999 26 004217 [N]")

    assert '<span class="din__check">' in boxed
    assert "[N]" not in boxed


@pytest.mark.parametrize("text", ["CT-26-0042", "A9999 26 004217", "A9999 26 004217 [NN]", "[N]"])
def test_what_is_no_number_with_its_check_character_stays_as_it_is(text: str) -> None:
    assert shown("{{ text|boxed_check }}", text=text) == text


def test_a_correction_shows_old_new_and_reason() -> None:
    block = render_to_string(
        "components/correction.html",
        {"old": "1.51", "new": "1.15", "corrected_by": "M. Okafor", "corrected_at": AT, "reason": "digits swapped"},
    )

    for part in ("<del>1.51</del>", "<ins>1.15</ins>", "M. Okafor", "14:32:07", "digits swapped"):
        assert part in block


def test_a_signature_that_does_not_verify_says_so() -> None:
    signature = {"name": "Maya Okafor", "username": "mokafor", "meaning": "I performed this.", "signed_at": AT}

    assert "does not verify" not in render_to_string("components/signature.html", signature)
    assert "does not verify" in render_to_string("components/signature.html", {**signature, "broken": True})


def test_an_attestation_is_never_called_signed() -> None:
    block = render_to_string(
        "components/attested.html", {"name": "P. Meier", "stated": "Handed over.", "entered_by": "M. O."}
    )

    assert "Attested, not signed" in block
    assert "not yet checked" in block
    assert "status-mark--pass" not in block


def test_a_wrong_scan_keeps_the_code_that_was_read() -> None:
    slot = render_to_string(
        "components/scan_slot.html",
        {"state": "wrong", "label": "Vector lot", "code": "S-0042-FP-03", "says": "Belongs to a sample."},
    )

    assert "S-0042-FP-03" in slot
    assert 'role="alert"' in slot


def test_a_value_without_a_limit_says_that_there_is_none() -> None:
    assert "no limit" in render_to_string("components/value_with_limit.html", {"measured": "12", "unit": "mL"})


def test_a_password_is_never_written_back_into_its_field() -> None:
    field = {
        "field_id": "secret",
        "name": "secret",
        "label": "Password",
        "type": "password",
        "value": "hunter2-hunter2",
    }

    assert "hunter2" not in render_to_string("components/field.html", field)


def test_an_error_stands_at_its_field_and_is_announced_with_it() -> None:
    field = {
        "field_id": "vcc",
        "name": "vcc",
        "label": "Count",
        "type": "number",
        "hint": "0 to 50",
        "error": "Enter a number.",
    }
    block = render_to_string("components/field.html", field)

    assert 'aria-invalid="true"' in block
    assert 'aria-describedby="vcc-error vcc-hint"' in block
    assert 'inputmode="decimal"' in block
