"""An alarm reaches whoever is on call, level by level, until somebody takes it on."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest
from django.core import mail

from accounts.alarms import open_alarms, raise_alarm
from accounts.models import Alarm, AlarmSent, OnCallDuty
from accounts.on_call import end_duty, put_on_call
from accounts.panels import work_for
from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from ledger import clock, outbox
from ledger.models import OutboxJob
from ledger.verification import verify_records
from ledger.writing import writing
from tests.people import a_person, at_browser, do

pytestmark = pytest.mark.django_db
Channel = OnCallDuty.Channel


def an_alarm(says: str = "CT-26-0001: a bag of another patient was scanned.") -> Alarm:
    with writing():
        return raise_alarm(
            kind=Alarm.Kind.MISMATCH, says=says, stream="site", actor="machine", url="/batches/CT-26-0001/"
        )


def on_duty(person, by, *, level=1, channel=Channel.SCREEN, address="", **more):
    now = clock.now()
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=8)} | more
    return put_on_call(
        person=person, level=level, channel=channel, address=address, by=by, id=uuid4(), **times
    )  # fmt: skip


def delivered() -> None:
    """Everything that is due is done, as a worker does it, the waiting for the next level passed over."""
    OutboxJob.objects.filter(done_at=None).update(due_at=clock.machine_now())
    outbox.deliver_all()


@pytest.fixture
def quality():
    return a_person(Role.QA)


@pytest.fixture
def bench(quality):
    return a_person(Role.TECHNICIAN)


def told() -> list[tuple[int, str]]:
    return list(AlarmSent.objects.order_by("recorded_at").values_list("level", "outcome"))


def test_a_message_goes_to_the_first_level_and_to_the_next_when_nobody_answers(settings, quality, bench):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    on_duty(bench, quality, channel=Channel.EMAIL, address="bench@example.org")
    on_duty(quality, quality, level=2, channel=Channel.EMAIL, address="quality@example.org")
    alarm = an_alarm()

    outbox.deliver_all()
    first = [one.to for one in mail.outbox]
    waits = OutboxJob.objects.get(kind="alarm.2", done_at=None)
    delivered()

    assert first == [["bench@example.org"]]
    assert waits.due_at - clock.machine_now() > timedelta(minutes=9)
    assert [one.to for one in mail.outbox] == [["bench@example.org"], ["quality@example.org"]]
    assert alarm.says in mail.outbox[0].body
    assert told() == [(1, "sent"), (2, "sent")]


def test_nobody_further_is_told_once_somebody_took_it_on(quality, bench):
    on_duty(bench, quality)
    on_duty(quality, quality, level=2)
    alarm = an_alarm()
    outbox.deliver_all()

    do("alarm.acknowledge", alarm, by=bench, says="I keep the bag apart and call quality.")
    delivered()

    assert told() == [(1, "sent")]
    assert not open_alarms().exists()
    assert verify_records().findings == []


def test_an_alarm_without_anybody_on_call_says_so_and_climbs_at_once():
    a_person(Role.QA)
    an_alarm()

    outbox.deliver_all()

    assert told() == [(1, "nobody"), (2, "nobody"), (3, "nobody")]
    assert open_alarms().count() == 1


def test_a_paging_service_gets_one_message_without_any_patient(quality, bench):
    received = []

    class Pager(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Pager)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        on_duty(bench, quality, channel=Channel.WEBHOOK, address=f"http://127.0.0.1:{server.server_port}/page")
        alarm = an_alarm()
        outbox.deliver_all()
    finally:
        server.shutdown()
        server.server_close()

    assert [one["alarm"] for one in received] == [str(alarm.pk)]
    assert told()[0] == (1, "sent")


def test_a_pager_that_does_not_answer_is_written_down_and_the_next_level_is_told_at_once(quality, bench):
    on_duty(bench, quality, channel=Channel.WEBHOOK, address="http://127.0.0.1:9/page")
    on_duty(quality, quality, level=2)
    an_alarm()

    outbox.deliver_all()

    assert told()[:2] == [(1, "failed"), (2, "sent")]
    assert "refused" in AlarmSent.objects.get(outcome="failed").says


def test_one_alarm_of_a_kind_stands_about_a_thing(quality):
    with writing():
        first = raise_alarm(kind=Alarm.Kind.LABEL, says="Labels.", stream="site", actor="machine", about=quality)
    with writing():
        again = raise_alarm(kind=Alarm.Kind.LABEL, says="Again.", stream="site", actor="machine", about=quality)

    assert first == again
    assert Alarm.objects.count() == 1


def test_an_open_alarm_comes_first_in_the_work_of_those_who_may_take_it_on(quality, bench):
    alarm = an_alarm()

    assert work_for(bench)[0].detail == alarm.says
    assert all(alarm.says != task.detail for task in work_for(a_person(Role.INSPECTOR)))


def test_an_alarm_is_taken_on_once(quality, bench):
    alarm = an_alarm()
    do("alarm.acknowledge", alarm, by=bench, says="I take care of it now.")

    with pytest.raises(Refused, match=f"{bench.name} took this alarm on already"):
        do("alarm.acknowledge", alarm, by=quality, says="I take care of it, too.")


@pytest.mark.parametrize(
    ("duty", "says"),
    [
        ({"channel": Channel.EMAIL, "address": "nobody"}, "e-mail address"),
        ({"channel": Channel.WEBHOOK, "address": "http://pager.example.org/"}, "https://"),
        ({"channel": Channel.WEBHOOK, "address": "file:///etc/passwd"}, "https://"),
        ({"channel": Channel.SCREEN, "address": "x@example.org"}, "needs no address"),
        ({"level": 4}, "1 to 3"),
        ({"level": 0}, "1 to 3"),
        ({"ends_at": clock.machine_now() - timedelta(days=400)}, "before it began"),
    ],
)
def test_a_duty_that_reaches_nobody_is_refused(quality, bench, duty, says):
    with pytest.raises(Refused, match=says):
        on_duty(bench, quality, **duty)

    assert not OnCallDuty.objects.exists()


def test_only_quality_says_who_is_on_call_and_a_duty_ends_with_a_reason(quality, bench):
    with pytest.raises(NotAllowed):
        on_duty(bench, bench)
    duty = on_duty(bench, quality)

    end_duty(duty=duty, reason="ill since this morning", by=quality, id=uuid4())
    an_alarm()
    outbox.deliver_all()

    assert told()[0] == (1, "nobody")
    with pytest.raises(Refused, match="ended already"):
        end_duty(duty=duty, reason="ill since this morning", by=quality, id=uuid4())


def test_the_page_and_the_api_show_the_alarm_and_take_the_duty(quality, bench):
    alarm = an_alarm()
    browser = at_browser(quality)
    now = clock.now()
    form = {
        "id": str(uuid4()), "person": str(bench.pk), "level": "1", "channel": "screen", "address": "",
        "starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat(),
    }  # fmt: skip

    refused = browser.post("/alarms/", form | {"level": "7"})
    stored = browser.post("/alarms/", form)
    page = browser.get("/alarms/").content.decode()
    listed = browser.get("/api/v1/alarms/?open=yes").json()
    duties = browser.get("/api/v1/on-call/").json()

    assert refused.status_code == 400
    assert stored.status_code == 303
    assert alarm.says in page
    assert bench.name in page
    assert [one["id"] for one in listed["results"]] == [str(alarm.pk)]
    assert [one["person"] for one in duties] == [bench.name]
    assert browser.get(f"/alarms/{alarm.pk}/").status_code == 200
