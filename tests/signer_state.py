"""What the log's signer remembers outside the database, which no rollback of a test takes back."""

from pathlib import Path

from django.conf import settings


def forget_what_was_signed() -> None:
    """Leave the signer and the high-water file as if no head had ever been signed; the signer's first key stays."""
    folder = Path(settings.SIGNER_DIR)
    for kept in (folder / "heads", Path(settings.HIGH_WATER_FILE)):
        kept.unlink(missing_ok=True)
    keys = folder / "keys"
    if keys.exists():
        keys.write_text(keys.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
