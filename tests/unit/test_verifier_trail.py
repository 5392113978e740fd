"""A review of the audit trail says up to where what was read; the verifier makes each digest anew."""

import re

import pytest

from qc.review_by_exception import trail_streams, trail_types
from qc.review_by_exception.rules import RULES_VERSION
from tests import package_trails as made
from tests.package_builders import packed, repaired, verifier, verify
from tests.package_cases import FOREIGN
from tests.package_trails import LOT, RULES, custody, files_of, own, read_through, remade, seqs_of
from tests.second_trail import lists_of

INVALID, INCOMPLETE = 1, 3
SITE = read_through()
KEY = SITE.log_key.id
FIRST, SECOND = seqs_of(SITE, own(SITE), "audit_trail.reviewed")
VALUES = seqs_of(SITE, own(SITE), "value.recorded")
REVIEW = r"^audit-trail review of entry {}$".format


def line_of(answer, section):
    return next(line for line in answer.said["checks"] if line.split()[1] == section)


def test_what_was_read_is_here_as_it_was_read():
    answer = verify(packed(files_of(SITE)), "--key", KEY)

    assert answer.code == 2
    assert not answer.said["findings"]
    assert line_of(answer, "14") == "ok     14  2 audit-trail reviews; 10 digests over what was read made anew"


def test_without_a_review_the_line_says_so():
    site = made.unread()
    site.checkpoint()

    assert "0 audit-trail reviews; 0 digests" in line_of(verify(packed(files_of(site))), "14")


def test_a_covered_entry_that_somebody_without_keys_changed_is_named_with_its_review_and_group():
    """All that follows from the entry is made anew; what only keys can make is as it was."""
    forged = repaired(files_of(remade(SITE, VALUES[1], typed="1.50")), FOREIGN)

    answer = verify(packed(forged), "--key", KEY)

    assert answer.code == INVALID
    says = f"^records in {own(SITE)}, positions 1 to .*: what is here is not what was read: entries {VALUES[0]}, "
    assert answer.names(REVIEW(FIRST), says), answer.text


def test_of_what_a_review_covered_that_is_named_of_which_the_proof_does_not_hold():
    honest = files_of(SITE)
    proofs = {name: content for name, content in honest.items() if name.startswith("proofs/")}
    forged = files_of(remade(SITE, VALUES[1], typed="1.50")) | proofs
    root = {"checkpoint": {"size": max(SITE.checkpoints), "root": SITE.root(max(SITE.checkpoints)).hex()}}

    answer = verify(packed(repaired(forged, FOREIGN, **root)), "--key", KEY)

    assert answer.names(REVIEW(FIRST), f"^records in {own(SITE)}.*; the proof of entry {VALUES[1]} does not hold$")


def test_a_review_that_somebody_without_keys_changed_is_named():
    files, seq = made.changed_review(sha256="0" * 64)
    answer = verify(packed(files), "--key", KEY)

    assert answer.code == INVALID
    assert answer.names(REVIEW(seq), f"^records in {own(SITE)}.*not what was read: entry {VALUES[2]}$"), answer.text
    assert answer.names(f"^signature of entry {seq}$", "something else of subject")


def test_a_value_that_the_logs_owner_made_anew_is_found_by_its_review_alone():
    """With the log's key everything follows from the forged value but what the person who read it signed."""
    site, seq = made.late_value()
    answer = verify(packed(made.changed_value(by_log=True)), "--key", site.log_key.id)

    assert answer.code == INVALID
    assert answer.said["findings_total"] == 1
    assert answer.names(REVIEW(r"\d+"), rf"^records in {own(site)}.*not what was read: entries .*{seq}$"), answer.text


def test_the_end_of_a_stream_that_the_logs_owner_leaves_out_is_found_by_its_review_alone():
    site = made.one_hand_over()
    answer = verify(packed(made.cut_short()), "--key", site.log_key.id)

    assert answer.code == INCOMPLETE
    assert answer.said["findings_total"] == 1
    says = f"^custody in {custody(site)}, positions 1 to 2: the entry at position 2 belongs there, and it is not here$"
    assert answer.names(REVIEW(r"\d+"), says), answer.text


def test_an_entry_that_is_missing_is_named_by_its_position():
    (seq,) = seqs_of(SITE, own(SITE), "value.corrected")
    answer = verify(packed(made.left_out(read_through, seq)), "--key", KEY)

    assert answer.code == INCOMPLETE
    position = SITE.said[seq - 1]["sseq"]
    assert answer.names(REVIEW(FIRST), f"^corrections in .*the entry at position {position} belongs there"), answer.text


def test_what_changed_of_a_lot_and_was_read_is_here_although_its_stream_is_not_whole():
    (seq,) = seqs_of(SITE, LOT, "lot.decided")
    answer = verify(packed(made.left_out(read_through, seq)), "--key", KEY)

    assert answer.code == INCOMPLETE
    assert answer.names(REVIEW(FIRST), f"^rests_on in {LOT}.*of 1 entry 0 are here"), answer.text


@pytest.mark.parametrize(
    ("package", "says"),
    [
        (
            lambda: made.with_review(made.saying(stream="batch/CT-26-7")),
            r"records in batch/CT-26-7, positions 1 to \d+: not contained in this package \(.*\), so not checked\.",
        ),
        (lambda: made.with_review(rules="RBE-999"), "by the rules RBE-999, which this verifier does not know"),
    ],
    ids=["a stream of another batch", "unknown rules"],
)
def test_what_a_package_does_not_hold_and_what_a_verifier_does_not_know_is_said_and_no_finding(package, says):
    answer = verify(packed(package()), "--key", KEY)

    assert answer.code == 2
    assert not answer.said["findings"]
    assert any(re.search(f"audit-trail review of entry .*{says}", one) for one in answer.said["not_checked"])


def test_the_verifier_sorts_entries_as_the_product_does():
    """Who changes the table raises RULES_VERSION, and adds the new table to verify.py and FORMAT.md beside the old."""
    assert RULES == RULES_VERSION
    types = {
        group.code: frozenset(code for code, (of, _words) in trail_types.TYPES.items() if of is group)
        for group in trail_types.GROUPS
        if group is not trail_types.RECORDS
    }
    aside = trail_streams.AFTER_REVIEW, trail_streams.BESIDE_CUSTODY
    expected = (types | {"records": frozenset()}, trail_types.VERSIONED, *aside)

    assert tuple(verifier().TRAIL_RULES[RULES_VERSION]) == expected
    assert types["rests_on"] == trail_types.CHANGES_OF_STANDING
    lists = {name: frozenset(kinds) for name, kinds in lists_of(RULES_VERSION).items()}
    assert lists == types | {
        "not read of the batch's stream": trail_streams.AFTER_REVIEW,
        "not read of the stream of its chain of identity": trail_streams.BESIDE_CUSTODY,
    }
