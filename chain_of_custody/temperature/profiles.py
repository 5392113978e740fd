"""How the files of temperature loggers are laid out. The shapes are our own; they are the export of no vendor.

A profile that was used stays in this table for ever: what was stored is read again under it. A change is a new version.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.tables.layout import Layout

UNIT = "°C"


@dataclass(frozen=True, slots=True)
class LoggerProfile:
    """One version of a layout: lines that name the logger, then a table of times and temperatures in °C."""

    code: str
    version: int
    title: str
    layout: Layout
    time: str = "Time"
    temperature: str = "Temperature"
    logger: str = "Logger"  # the lines above the table: a name, then what it states
    calibrated_until: str = "Calibrated until"
    interval: str = "Interval (s)"

    @property
    def columns(self) -> Mapping[str, str]:
        """Give the columns of the table with the unit that each head must state."""
        return {self.time: "", self.temperature: UNIT}


PROFILES = (
    LoggerProfile("LOGGER-COMMA", 1, "Columns parted by commas, decimal point", Layout(",", False, 20)),
    LoggerProfile("LOGGER-SEMICOLON", 1, "Columns parted by semicolons, decimal comma", Layout(";", True, 20)),
    LoggerProfile("LOGGER-TAB", 1, "Columns parted by tabs, decimal point", Layout("\t", False, 20)),
)


def newest_profiles() -> dict[str, LoggerProfile]:
    """Give the newest version of each profile by its code."""
    return {one.code: one for one in sorted(PROFILES, key=lambda one: one.version)}


def profile_called(code: str, version: int) -> LoggerProfile:
    """Give one version of a profile; raise LookupError for one that is not in the table."""
    for one in PROFILES:
        if (one.code, one.version) == (code, version):
            return one
    raise LookupError(f"There is no logger profile {code} version {version}.")
