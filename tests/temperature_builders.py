"""A batch whose cells came by courier, and the files of the logger that travelled with them, for tests."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from chain_of_custody.following import custody_record
from chain_of_custody.links import Kept
from chain_of_custody.models import LoggerFile, LoggerTrace, Place
from chain_of_custody.temperature.seeing import Seen, seen_in
from chain_of_custody.temperature.stays import stays_in
from chain_of_custody.temperature.storing import confirm_trace, keep_logger_file, logger_file_called
from ledger import files
from tests.qc_builders import Laboratory

FIVE = timedelta(minutes=5)
HEAD = "Logger,LG-88\nCalibrated until,2199-12-31\nInterval (s),300\nTime,Temperature (°C)\n"


class Shipped(Laboratory):
    """A batch whose bag came to the site in a shipper that keeps 2–8 °C, over many hours."""

    def trips(self) -> list[Kept]:
        """The times in which something of the batch's chain was in a shipper."""
        return [one for one in stays_in(custody_record(self.coi)) if one.place and one.place.kind == Place.Kind.SHIPPER]

    @property
    def trip(self) -> Kept:
        (trip,) = self.trips()
        return trip

    @property
    def stay(self) -> UUID:
        found = self.trip.id
        assert found is not None
        return found

    def log(self, *celsius: str | None, head: str = HEAD) -> str:
        """The file of a logger: these readings from the beginning, None for a missing one, then 5.0 to the end."""
        trip = self.trip
        assert trip.until is not None
        first = trip.since.replace(microsecond=0) + timedelta(seconds=1)
        count = (trip.until - first) // FIVE + 1
        found = [*celsius, *["5.0"] * (count - len(celsius))]
        return head + "".join(f"{first + FIVE * at:%Y-%m-%dT%H:%M:%SZ},{one}\n" for at, one in enumerate(found) if one)

    def sent(self, content: str | bytes, **chosen: Any) -> LoggerFile:  # Any: what is chosen with a file
        """A file of the logger, sent for the trip."""
        asked: dict[str, Any] = {
            "id": uuid4(), "coi": self.coi, "stay": self.stay, "logger": "LG-88", "profile": "LOGGER-COMMA",
            "clock": "utc", "name": "LG-88.csv", "by": self.technician,
        }  # fmt: skip
        row = keep_logger_file(content=content.encode() if isinstance(content, str) else content, **asked | chosen)
        return logger_file_called(self.coi, row.pk)

    def seen(self, row: LoggerFile) -> Seen:
        """What the page shows of a file."""
        return seen_in(row, files.read(row.file))

    def stored(self, content: str, **chosen: Any) -> LoggerTrace:  # Any: as above
        """A file that was sent, looked at and confirmed."""
        row = self.sent(content, **chosen)
        return confirm_trace(row, shown=self.seen(row).digest, by=self.technician)
