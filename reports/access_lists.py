"""Accounts over time and who signs, as files: one line an event of an account, one line a key.

RFC 4180, every cell quoted, none that a spreadsheet would run.
"""

from collections.abc import Iterator, Sequence

from accounts.access import Listing
from accounts.access_events import By
from accounts.access_rows import Row, Signer
from accounts.wording import record_time
from reports.package_data import csv_line

ACCOUNTS = (
    "user id", "name", "title", "account", "roles now", "key in force", "last sign-in", "last signature",
    "tokens in force", "entry", "at", "what", "roles then", "by", "approved by", "says", "key",
)  # fmt: skip
SIGNERS = ("user id", "name", "may sign", "accepted that signatures bind", "key", "since", "until")


def accounts_csv(accounts: Listing, rows: Sequence[Row]) -> Iterator[bytes]:
    """Give the list piece by piece: each account with each of its events, and lines of what is pointed out."""
    yield csv_line(ACCOUNTS)
    for row in rows:
        account, person, use = row.account, row.account.person, row.use
        begins = [
            person.username,
            person.name,
            person.title,
            str(account.standing),
            " ".join(account.roles),
            account.key_id,
            record_time(use.signed_in_at) if use.signed_in_at else "never",
            record_time(use.signed_at) if use.signed_at else "never",
            str(row.tokens_in_force),
        ]
        for event in account.events:
            yield csv_line(
                [
                    *begins,
                    str(event.seq),
                    record_time(event.at),
                    str(event.kind),
                    "" if event.after is None else " ".join(event.after),
                    _who(event.by),
                    _who(event.approved_by),
                    event.says,
                    event.key_id,
                ]
            )
        for says in account.pointed_out:
            yield csv_line([*begins, "", "", "pointed_out", "", "", "", says, ""])
    yield csv_line(["ledger up to entry", str(accounts.as_of), "digest of the list", accounts.sha256()])


def signers_csv(found: Sequence[Signer]) -> Iterator[bytes]:
    """Give the list piece by piece."""
    yield csv_line(SIGNERS)
    for one in found:
        yield csv_line(
            [
                one.username,
                one.name,
                "yes" if one.may_sign else "no",
                record_time(one.bound_at) if one.bound_at else "",
                one.key_id,
                record_time(one.since),
                record_time(one.until) if one.until else "",
            ]
        )


def _who(by: By | None) -> str:
    return f"{by.name} ({by.username})" if by else ""
