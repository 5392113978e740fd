"""Two workers that anchor the same checkpoint at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from ledger import anchoring, checkpoints
from ledger.models import Anchor, Checkpoint, Entry
from ledger.verification import verify_records
from tests.people import a_site
from tests.time_authority import time_authority

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_at_once_store_one_stamp(settings):
    a_site()
    checkpoint = checkpoints.issue(Checkpoint.Why.ASKED)
    together = threading.Barrier(2)
    with time_authority() as tsa:
        authority = tsa.authority()
        settings.TSA_ROOTS = tsa.roots

        def working() -> None:
            try:
                together.wait(10)
                anchoring._anchor(checkpoint, authority)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(working), workers.submit(working)]:
                done.result(30)

        assert Anchor.objects.count() == 1
        assert Entry.objects.filter(type="anchor.recorded").count() == 1
        assert verify_records().findings == []
