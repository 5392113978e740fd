"""What a database address means: SQLite beside the data by default, PostgreSQL for a plant."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# IMMEDIATE: a writer waits its turn instead of failing to upgrade a read lock.
# FULL: a commit survives power loss.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON"
    ),
}


def sqlite(path: Path) -> dict[str, Any]:  # Any: Django's own shape of DATABASES
    """Give Django's settings for a SQLite file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": SQLITE_OPTIONS}


def database_from(address: str, data_dir: Path) -> dict[str, Any]:  # Any: Django's own shape of DATABASES
    """Give Django's settings for `postgresql://user:secret@host:port/name`, or for SQLite when there is no address."""
    if not address:
        return sqlite(data_dir / "cellwright.sqlite3")
    parts = urlsplit(address)
    if parts.scheme == "sqlite":
        return sqlite(Path(unquote(parts.path)))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("CELLWRIGHT_DATABASE_URL must begin with postgresql:// (or sqlite:///path).")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }
