"""What a module makes once and every test of it finds, whatever the tests before it wrote."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from django.db import transaction

from tests.signer_state import forget_what_was_signed

Made = TypeVar("Made")


def made_once(make: Callable[[], Made]) -> Any:  # Any: the type of a fixture is pytest's own
    """Give a fixture of a module: what `make` gives, made once and taken back after the last test."""

    @pytest.fixture(scope="module")
    def once(django_db_setup: None, django_db_blocker: object) -> Iterator[Made]:
        with kept_for_a_module(django_db_blocker):
            yield make()

    return once


@contextmanager
def kept_for_a_module(blocker: object) -> Iterator[None]:
    """Whatever is made inside is there for every test of a module, and taken back after the last."""
    # The log's signer must not hold what is made here against the ledger of the module before.
    forget_what_was_signed()
    with blocker.unblock(), taken_back():  # type: ignore[attr-defined]  # pytest-django's blocker has no public type
        yield


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written inside never happened afterwards."""
    block = transaction.atomic()
    # Signing insists on a transaction of its own, except inside one that a test holds open; this is such a one.
    block._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test cases mark theirs
    with block:
        yield
        transaction.set_rollback(True)
