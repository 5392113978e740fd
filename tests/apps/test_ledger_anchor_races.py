"""Two workers that anchor the same checkpoint at once."""

import pytest

from ledger import anchoring, checkpoints
from ledger.models import Anchor, Checkpoint, Entry
from ledger.verification import verify_records
from tests.at_once import at_once
from tests.people import a_site
from tests.time_authority import time_authority

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_at_once_store_one_stamp(settings):
    a_site()
    checkpoint = checkpoints.issue(Checkpoint.Why.ASKED)
    with time_authority() as tsa:
        authority = tsa.authority()
        settings.TSA_ROOTS = tsa.roots

        assert at_once(*[lambda: anchoring._anchor(checkpoint, authority)] * 2) == ["done", "done"]

        assert Anchor.objects.count() == 1
        assert Entry.objects.filter(type="anchor.recorded").count() == 1
        assert verify_records().findings == []
