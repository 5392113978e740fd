"""Time stamps of others: what a token must be before it counts, and what an authority may do to us."""

import hashlib
import time
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms, tsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from ledger.authorities import Authority, authorities_from
from ledger.timestamps import LONGEST_ANSWER, NoStampError, WrongStampError, ask, checked, roots_in, said_by
from tests.time_authority import (
    Behaviour,
    dead_address,
    make_certificates,
    time_authority,
    token_by_hand,
    token_over,
)

NOTE = b"records.example.org\n1219\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
OTHER_NOTE = NOTE.replace(b"1219", b"1220")


@pytest.fixture(scope="module")
def tsa():
    with time_authority() as running:
        yield running


@pytest.fixture
def honest(tsa):
    """The authority as it should be."""
    tsa.behaves = Behaviour.HONEST
    yield tsa
    tsa.behaves = Behaviour.HONEST


@pytest.fixture(scope="module")
def token(tsa):
    """A token over the note."""
    return token_over(tsa.folder, NOTE)


@pytest.fixture(scope="module")
def roots(tsa):
    return roots_in(tsa.authority().roots)


def test_an_honest_token_says_when_and_its_number(honest, roots):
    before = datetime.now(UTC) - timedelta(seconds=2)

    stamp = checked(ask(honest.authority(), NOTE), NOTE, roots)

    assert before <= stamp.time <= datetime.now(UTC) + timedelta(seconds=2)
    assert stamp.serial.isdecimal()
    assert stamp.remark == ""


def test_the_question_has_a_nonce_of_its_own_asks_for_the_certificates_and_shows_no_content(honest):
    honest.asked.clear()
    ask(honest.authority(), NOTE)
    ask(honest.authority(), NOTE)

    questions = [tsp.TimeStampReq.load(content).native for content in honest.asked]

    assert questions[0]["nonce"] != questions[1]["nonce"]
    assert all(question["cert_req"] for question in questions)
    assert {bytes(question["message_imprint"]["hashed_message"]) for question in questions} == {
        hashlib.sha256(NOTE).digest()
    }
    assert NOTE not in b"".join(honest.asked)


def test_a_stamp_granted_with_modifications_counts_when_it_checks(honest, roots):
    honest.behaves = Behaviour.GRANTED_WITH_MODS

    assert checked(ask(honest.authority(), NOTE), NOTE, roots).serial


@pytest.mark.parametrize(
    ("behaviour", "error", "says"),
    [
        (Behaviour.RUBBISH, WrongStampError, "did not answer with a time stamp"),
        (Behaviour.ENDLESS, WrongStampError, "more than 64 KiB"),
        (Behaviour.REFUSING, NoStampError, "refuses to stamp: rejection"),
        (Behaviour.FAILING, NoStampError, "status 503"),
        (Behaviour.REDIRECTING, NoStampError, "status 302"),
        (Behaviour.WRONG_NONCE, WrongStampError, "nonce is not the one"),
        (Behaviour.NO_NONCE, WrongStampError, "nonce is not the one"),
        (Behaviour.OTHER_HASH, WrongStampError, "about another content"),
    ],
)
def test_an_answer_that_is_not_ours_is_refused(honest, behaviour, error, says):
    honest.behaves = behaviour

    with pytest.raises(error, match=says):
        ask(honest.authority(), NOTE)


@pytest.mark.parametrize("behaviour", [Behaviour.SLOW, Behaviour.DRIPPING])
def test_an_authority_that_takes_its_time_is_left(honest, behaviour):
    honest.behaves = behaviour
    begun = time.monotonic()

    with pytest.raises(NoStampError, match="does not answer"):
        ask(honest.authority(), NOTE, timeout=0.4)

    assert time.monotonic() - begun < 3


def test_a_dead_authority_gives_none(honest):
    dead = Authority("dead", dead_address(), honest.authority().roots)

    with pytest.raises(NoStampError, match="dead does not answer"):
        ask(dead, NOTE, timeout=2)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/stamp", "data:,x"])
def test_nothing_but_the_web_is_asked(tmp_path, address):
    with pytest.raises(NoStampError):
        ask(Authority("odd", address, tmp_path), NOTE)


def test_a_changed_signature_is_refused(honest, roots):
    honest.behaves = Behaviour.CHANGED
    changed = ask(honest.authority(), NOTE)

    with pytest.raises(WrongStampError, match=r"signature is not valid|broken"):
        checked(changed, NOTE, roots)


def test_a_token_of_another_content_is_refused(token, roots):
    with pytest.raises(WrongStampError, match="another content"):
        checked(token, OTHER_NOTE, roots)


def test_a_token_over_another_kind_of_digest_is_refused(tsa, roots):
    with pytest.raises(WrongStampError, match="another content"):
        checked(token_over(tsa.folder, NOTE, algorithm="sha512"), NOTE, roots)


def test_a_token_that_answers_another_question_is_refused(tsa, roots):
    token = token_over(tsa.folder, NOTE, nonce=17)

    assert checked(token, NOTE, roots, nonce=17).serial
    with pytest.raises(WrongStampError, match="nonce"):
        checked(token, NOTE, roots, nonce=18)


def test_an_authority_that_made_itself_is_refused(tmp_path, roots):
    make_certificates(tmp_path)

    with pytest.raises(WrongStampError, match="trusted root"):
        checked(token_over(tmp_path, NOTE), NOTE, roots)


def test_without_a_root_nothing_is_trusted(token):
    with pytest.raises(WrongStampError, match="trusted root"):
        checked(token, NOTE, [])


def test_a_certificate_that_expired_after_the_stamp_is_accepted_and_remarked(tmp_path):
    make_certificates(tmp_path, since=timedelta(days=-30), until=timedelta(days=-1), with_rsa=True)
    now = datetime.now(UTC)

    stamp = checked(token_by_hand(tmp_path, NOTE, at=now - timedelta(days=2)), NOTE, roots_in(tmp_path / "ca.pem"))

    assert f"expired on {now - timedelta(days=1):%Y-%m-%d}" in stamp.remark


@pytest.mark.parametrize("days", [-31, 0])
def test_a_certificate_that_was_not_valid_at_the_time_of_the_stamp_is_refused(tmp_path, days):
    make_certificates(tmp_path, since=timedelta(days=-30), until=timedelta(days=-1), with_rsa=True)
    token = token_by_hand(tmp_path, NOTE, at=datetime.now(UTC) + timedelta(days=days))

    with pytest.raises(WrongStampError, match="not valid at the time"):
        checked(token, NOTE, roots_in(tmp_path / "ca.pem"))


@pytest.mark.parametrize(
    "purposes",
    [
        (),
        (ExtendedKeyUsageOID.CODE_SIGNING,),
        (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,),
    ],
)
def test_a_certificate_for_other_purposes_is_refused(tmp_path, purposes):
    make_certificates(tmp_path, purposes=purposes, with_rsa=True)

    with pytest.raises(WrongStampError, match="not one for time stamping alone"):
        checked(token_by_hand(tmp_path, NOTE, at=datetime.now(UTC)), NOTE, roots_in(tmp_path / "ca.pem"))


def test_a_certificate_for_other_purposes_is_not_trusted_by_being_its_own_root(tmp_path):
    make_certificates(tmp_path, purposes=(ExtendedKeyUsageOID.CODE_SIGNING,), with_rsa=True)

    with pytest.raises(WrongStampError, match="not one for time stamping alone"):
        checked(token_by_hand(tmp_path, NOTE, at=datetime.now(UTC)), NOTE, roots_in(tmp_path / "tsa.pem"))


def test_every_changed_byte_of_a_token_is_refused_or_changes_nothing_that_it_says(token, roots):
    """A byte that no signature covers may differ (an encoding's slack, an unused certificate); the time may not."""
    honest = checked(token, NOTE, roots)
    for place in range(0, len(token), 23):
        changed = bytearray(token)
        changed[place] ^= 0x10
        try:
            stamp = checked(bytes(changed), NOTE, roots)
        except WrongStampError:
            continue
        assert (stamp.time, stamp.serial) == (honest.time, honest.serial)


@given(st.binary(max_size=300))
def test_rubbish_is_never_a_time_stamp(content):
    with pytest.raises(WrongStampError, match="not a time stamp"):
        said_by(content, hashlib.sha256(NOTE).digest())


@given(st.integers(min_value=0, max_value=2000), st.binary(min_size=1, max_size=20))
def test_a_token_cut_or_grown_is_refused(token, roots, cut, more):
    for changed in (token[: min(cut, len(token) - 1)], token + more):
        with pytest.raises(WrongStampError):
            checked(changed, NOTE, roots)


def test_a_signature_over_something_else_is_not_a_time_stamp(token):
    signed = cms.ContentInfo.load(token)
    signed["content"]["encap_content_info"]["content_type"] = "data"

    with pytest.raises(WrongStampError):
        said_by(signed.dump(), hashlib.sha256(NOTE).digest())


def test_the_longest_answer_holds_every_token_of_ours(token):
    assert len(token) < LONGEST_ANSWER / 10


@pytest.fixture
def folder_of_roots(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    return tmp_path


def test_authorities_are_read_from_one_line(folder_of_roots):
    found = authorities_from(" one=https://tsa.example.org/tsr  two=http://10.0.0.1:318/ ", folder_of_roots)

    assert [(one.name, one.url) for one in found] == [
        ("one", "https://tsa.example.org/tsr"),
        ("two", "http://10.0.0.1:318/"),
    ]
    assert found[0].roots == folder_of_roots / "one.pem"
    assert authorities_from("", folder_of_roots) == ()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("https://tsa.example.org", "no name of an authority"),
        ("One=https://tsa.example.org", "no name of an authority"),
        ("../one=https://tsa.example.org", "no name of an authority"),
        (f"{'a' * 41}=https://tsa.example.org", "no name of an authority"),
        ("=https://tsa.example.org", "no name of an authority"),
        ("one=https://a.example one=https://b.example", "named twice"),
        ("one", "needs an address"),
        ("one=file:///etc/passwd", "needs an address"),
        ("one=https://", "needs an address"),
        ("one=https://tsa.example.org:99999/", "needs an address"),
        ("one=http://[::1", "needs an address"),
        ("three=https://tsa.example.org", "three.pem is not there"),
    ],
)
def test_a_wrong_entry_is_named(folder_of_roots, line, says):
    with pytest.raises(ValueError, match=says):
        authorities_from(line, folder_of_roots)


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_certificates_is_refused(tmp_path, content):
    file = tmp_path / "roots.pem"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=r"roots\.pem"):
        roots_in(file)
    with pytest.raises(ValueError, match="cannot be read"):
        roots_in(tmp_path / "nowhere.pem")
