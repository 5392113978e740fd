"""From an intention to a signed row: ask, confirm, perform.

(1) `ask()` makes a challenge: the intention, the digest of what the signer is shown, and the head of the ledger.
(2) `confirm()` is the only source of a `Signature`. It runs outside any transaction: one derivation unlocks the
    person's own key and thereby checks the secret; a failure is counted in a transaction of its own.
(3) `perform()` then, in one short transaction: locks and reads again, compares what was shown with what is stored,
    asks for objections once more, uses up the challenge, signs, writes.

A record that changed meanwhile uses up the challenge (409); an act that is refused leaves it.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import security
from accounts.acts import Act, ToSign, act_called
from accounts.integrity import objections_to_integrity
from accounts.keys import WrongSecretError, unlock
from accounts.models import Challenge, KeyWrap, Person, Signed
from accounts.policy import must_accept_policy_first
from accounts.refusal import BadInput, Objection, Refused, Stale, lacks, refuse_if, when
from accounts.signature import Signature
from ledger import clock
from ledger.failpoints import failpoint
from ledger.models import Head
from ledger.writing import writing

VALID_FOR = timedelta(minutes=5)
LONGEST_COMMENT = 1000


class WrongSecret(Refused):
    """The user name and the password do not belong together."""

    status = 403


def ask(code: str, subject: UUID, data: Mapping[str, object], *, by: Person | None) -> tuple[Challenge, ToSign]:
    """Make a challenge for an act and give what its signer is to read; raise Refused with every objection."""
    act = known_act(code)
    intent = act.read_intent(data)
    thing = act.find(subject)
    if by is not None and not act.second_person:
        refuse_if([*must_accept_policy_first(by, act.code), *act.all_objections(thing, intent, by)])
    shown = act.to_sign(thing, intent)
    head = Head.objects.get(pk=1)
    challenge = Challenge.objects.create(
        nonce=secrets.token_hex(16),
        act=act.code,
        subject=subject,
        intent=intent,
        view_sha256=shown.sha256(),
        asked_by=by,
        made_at=clock.now(),
        head_seq=head.seq,
        head_leaf=head.leaf,
    )
    return challenge, shown


def known_act(code: str) -> Act[Any]:  # Any: acts of every kind of subject
    """Give the act of a code; raise BadInput for a code that is none."""
    act = act_called(code)
    if act is None:
        raise BadInput(Objection(_("There is no act called %(code)s.") % {"code": code[:60]}, field="act"))
    return act


def confirm(
    challenge: Challenge,
    *,
    username: str,
    secret: str,
    comment: str = "",
    station: str = "",
    at_hand: Person | None,
) -> Signature:
    """Give a signature for one act by the person whose secret this is.

    `at_hand` is the person whose session or token asks; only an act for a second person takes somebody else.
    Raises Refused: no such challenge, used, too old, wrong secret, too many tries. Raises RuntimeError inside a
    transaction, because a derivation there would hold everybody up.
    """
    with transaction.atomic(durable=True):
        person = Person.objects.select_related("state", "key_wrap").filter(username__iexact=username).first()
    act = known_act(challenge.act)
    usable(challenge)
    if len(comment) > LONGEST_COMMENT:
        raise BadInput(Objection(_("A comment has at most 1,000 characters."), field="comment"))
    if at_hand is not None and not act.second_person and (person is None or person.pk != at_hand.pk):
        raise WrongSecret(
            Objection(
                _("This session is %(name)s's. Sign out first to sign as somebody else.") % {"name": at_hand.name}
            )
        )
    security.refuse_while_blocked(username, station)
    wrap: KeyWrap | None = getattr(person, "key_wrap", None)
    try:
        key = unlock(wrap, secret)
    except WrongSecretError:
        security.count_failure(username, station, about=f"signing {act.code}")
        raise WrongSecret(
            Objection(_("Wrong user name or password. Nothing was signed."), code="wrong_secret")
        ) from None
    if person is None or not person.state.active or key.key_id != person.state.key_id:
        security.count_failure(username, station, about=f"signing {act.code}")
        raise WrongSecret(Objection(_("Wrong user name or password. Nothing was signed."), code="wrong_secret"))
    security.clear_failures(username, station)
    failpoint("key unlocked")
    meaning, text = act.means(challenge.intent)
    return Signature(person, key, meaning, text, clock.now(), challenge, comment, station)


def usable(challenge: Challenge) -> None:
    """Raise Refused unless the challenge can still be signed."""
    if challenge.used_at is not None:
        raise Refused(Objection(_("This was signed already. Nothing was signed twice."), code="already_signed"))
    if clock.now() - challenge.made_at > VALID_FOR:
        raise Refused(Objection(_("This page is older than five minutes. Open it again and sign."), code="expired"))


def perform(
    challenge_id: UUID,
    *,
    username: str,
    secret: str,
    comment: str = "",
    station: str = "",
    at_hand: Person | None,
) -> Signed:
    """Carry out the act of a challenge under its signer's signature and give the signed row."""
    challenge = Challenge.objects.filter(pk=challenge_id).first()
    if challenge is None or (
        challenge.asked_by_id is not None and at_hand is not None and challenge.asked_by_id != at_hand.pk
    ):
        raise Refused(
            Objection(_("This signature page is not known. Open it again."), code="unknown_challenge"),
            status=404,
        )
    signature = confirm(challenge, username=username, secret=secret, comment=comment, station=station, at_hand=at_hand)
    act = known_act(challenge.act)
    try:
        with writing():
            return _carried_out(act, challenge, signature)
    except Stale:
        Challenge.objects.filter(pk=challenge.pk, used_at=None).update(used_at=clock.now())
        raise


def _carried_out(act: Act[Any], challenge: Challenge, signature: Signature) -> Signed:  # Any: as above
    act.lock_with(act.find(challenge.subject), challenge.intent)
    subject = act.find(challenge.subject)
    if Challenge.objects.filter(pk=challenge.pk, used_at=None).first() is None:
        raise Refused(Objection(_("This was signed already. Nothing was signed twice."), code="already_signed"))
    by = Person.objects.select_related("state").get(pk=signature.signer.pk)
    refuse_if(
        [
            *lacks(by, act.permission),
            *must_accept_policy_first(by, act.code),
            *when(
                by.state.key_id != (signature.key.key_id if signature.key else ""),
                _("Your key was replaced. Sign in again."),
            ),
        ]
    )
    if act.to_sign(subject, challenge.intent).sha256() != challenge.view_sha256:
        raise Stale(
            Objection(
                _("The record changed after you opened this. Nothing was signed. Check the values and sign again."),
                code="stale",
            )
        )
    refuse_if([*objections_to_integrity(act, subject), *act.objections(subject, challenge.intent, by)])
    row: Signed = act.carry_out(subject, challenge.intent, signature)
    failpoint("state changed")
    return row
