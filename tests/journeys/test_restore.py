"""Yesterday's copy of the database is put back over today's: it is noticed, nobody is kept from the cells, nothing is
certified before two people have decided, and the batch is finished in a new epoch of the ledger.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from accounts.refusal import Refused
from config.starting import refuse_unsafe_start
from ledger import clock, outbox, selfcheck
from ledger.checkpoints import issue
from ledger.models import Checkpoint, Entry, Head, Incident, Site
from qc.models import Reading
from qc.release.assessing import open_facts
from reports.models import Document
from tests.apps.test_epochs import ADMISSION, confirmed, findings, put_back_to
from tests.people import administrators, do, nothing_written
from tests.qc_builders import CONFORMING, MINOR, in_the_laboratory


def a_copy(folder: Path) -> Callable[[], None]:
    """Keep the database as it is; what is given puts it back."""
    if connection.vendor == "postgresql":
        place = Head.objects.get().seq
        return lambda: put_back_to(place)
    database = Path(connection.settings_dict["NAME"])
    beside = [database.with_name(database.name + end) for end in ("", "-wal", "-shm")]
    connection.close()
    for path in beside:
        if path.exists():
            shutil.copy2(path, folder / path.name)

    def put_back() -> None:
        connection.close()
        for path in beside:
            path.unlink(missing_ok=True)
            if (folder / path.name).exists():
                shutil.copy2(folder / path.name, path)

    return put_back


@pytest.mark.django_db(transaction=True)
def test_yesterdays_copy_is_put_back_and_a_batch_is_still_finished(tmp_path):
    laboratory = in_the_laboratory()
    issue(Checkpoint.Why.ASKED)
    laboratory.sample_for("mycoplasma")
    put_back = a_copy(tmp_path)
    laboratory.read("mycoplasma", "detected")
    lost = issue(Checkpoint.Why.ASKED)

    put_back()
    assert not Reading.objects.exists(), "the embarrassing reading is gone"
    refuse_unsafe_start()

    incident = Incident.objects.get()
    assert incident.kind == "rollback"
    assert f"{lost.size} entries" in incident.says
    assert "integrity" in laboratory.codes()
    with nothing_written(), pytest.raises(Refused, match="does not verify"):
        do("person.admit", Site.objects.get(), by=administrators()[0], **ADMISSION)
    laboratory.read("appearance", CONFORMING["appearance"]["appearance"])
    assert b'"epoch":2,' in bytes(Entry.objects.get(rec_type="qc.reading").bytes)

    confirmed(incident, laboratory.qa, laboratory.qp)
    laboratory.reviewed(laboratory.submitted("appearance"))
    laboratory.all_tested(but=("appearance",))
    clock.end_story()
    (fact,) = [one for one in open_facts(laboratory.fresh()) if one.row == incident]
    do("fact.assess", fact.id, by=laboratory.qa, **MINOR, impact="The test was repeated from the retained sample.",
       conclusion="What was lost was entered again from the log book.")  # fmt: skip
    laboratory.approved()
    laboratory.record_reviewed()
    laboratory.certified()
    outbox.deliver_all()

    assert Document.objects.count() == 3
    assert Checkpoint.objects.latest("size").origin.endswith("/epoch-2")
    assert findings() == []
    assert selfcheck.full() == []
