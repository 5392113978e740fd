"""Which time-stamping authorities a site asks; no framework, so that settings may read it."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

NAME = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority: its name in the record, its address, and the file of the root certificates it is trusted by."""

    name: str
    url: str
    roots: Path


def authorities_from(text: str, roots: Path) -> tuple[Authority, ...]:
    """Read `name=https://…` entries separated by spaces; each has `<name>.pem` in the folder of roots.

    Raises ValueError with a sentence that says which entry is wrong.
    """
    found: dict[str, Authority] = {}
    for item in text.split():
        name, _, url = item.partition("=")
        if not NAME.fullmatch(name):
            raise ValueError(f"{name[:50]!r} is no name of an authority: a to z, 0 to 9 and -, at most 40 characters.")
        if name in found:
            raise ValueError(f"The authority {name} is named twice.")
        if not _is_web_address(url):
            raise ValueError(f"The authority {name} needs an address that begins with https:// or http://.")
        file = roots / f"{name}.pem"
        if not file.is_file():
            raise ValueError(f"The root certificates of the authority {name} are missing: {file} is not there.")
        found[name] = Authority(name, url, file)
    return tuple(found.values())


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
