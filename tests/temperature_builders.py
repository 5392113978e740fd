"""A batch whose cells came by courier, and the files of the logger that travelled with them, for tests."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from accounts.models import Person
from chain_of_custody.following import custody_record
from chain_of_custody.links import Kept
from chain_of_custody.models import ChainOfIdentity, LoggerFile, LoggerTrace, Place
from chain_of_custody.temperature.seeing import Seen, seen_in
from chain_of_custody.temperature.stays import stays_in
from chain_of_custody.temperature.storing import confirm_trace, keep_logger_file, logger_file_called
from ledger import files
from tests.qc_builders import Laboratory

FIVE = timedelta(minutes=5)
HEAD = "Logger,LG-88\nCalibrated until,2199-12-31\nInterval (s),300\nTime,Temperature (°C)\n"


def trip_of(coi: ChainOfIdentity) -> Kept:
    """The one time in which something of a chain of identity was in a shipper."""
    stays = stays_in(custody_record(coi))
    (trip,) = [one for one in stays if one.place and one.place.kind == Place.Kind.SHIPPER]
    return trip


def log_of(trip: Kept, *celsius: str | None, head: str = HEAD) -> str:
    """The file of a logger: these readings from the beginning, None for a missing one, then 5.0 to the end."""
    assert trip.until is not None
    first = trip.since.replace(microsecond=0) + timedelta(seconds=1)
    count = (trip.until - first) // FIVE + 1
    found = [*celsius, *["5.0"] * (count - len(celsius))]
    return head + "".join(f"{first + FIVE * at:%Y-%m-%dT%H:%M:%SZ},{one}\n" for at, one in enumerate(found) if one)


def a_logger_file(coi: ChainOfIdentity, content: str | bytes, *, by: Person, **chosen: Any) -> LoggerFile:  # Any: below
    """A file of the logger that travelled with a chain of identity, sent for its one trip and not confirmed."""
    asked: dict[str, Any] = {  # Any: what is chosen with a file
        "id": uuid4(), "logger": "LG-88", "profile": "LOGGER-COMMA", "clock": "utc", "name": "LG-88.csv",
    }  # fmt: skip
    if "stay" not in chosen:
        asked["stay"] = trip_of(coi).id
    content = content.encode() if isinstance(content, str) else content
    row = keep_logger_file(coi=coi, content=content, by=by, **asked | chosen)
    return logger_file_called(coi, row.pk)


class Shipped(Laboratory):
    """A batch whose bag came to the site in a shipper that keeps 2–8 °C, over many hours."""

    @property
    def trip(self) -> Kept:
        return trip_of(self.coi)

    @property
    def stay(self) -> UUID:
        found = self.trip.id
        assert found is not None
        return found

    def log(self, *celsius: str | None, head: str = HEAD) -> str:
        """The file of the trip's logger."""
        return log_of(self.trip, *celsius, head=head)

    def sent(self, content: str | bytes, *, by: Person | None = None, **chosen: Any) -> LoggerFile:  # Any: as above
        """A file of the logger, sent for the trip by the technician."""
        return a_logger_file(self.coi, content, by=by or self.technician, **chosen)

    def seen(self, row: LoggerFile) -> Seen:
        """What the page shows of a file."""
        return seen_in(row, files.read(row.file))

    def stored(self, content: str, **chosen: Any) -> LoggerTrace:  # Any: as above
        """A file that was sent, looked at and confirmed."""
        row = self.sent(content, **chosen)
        return confirm_trace(row, shown=self.seen(row).digest, by=self.technician)
