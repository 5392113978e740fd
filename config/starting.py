"""What must hold before a process serves or works for a site.

(1) Training or plant was settled at the founding; a process that is set otherwise does not start.
(2) A plant does not start while the key of an active person was wrapped at a lower cost than new keys are: such keys
    come from a training site.
(3) The origin that entries name is that of the founding.
(4) A plant does not start on a database whose settings may lose what was acknowledged.
(5) A database without a site is not taken for a new one where a ledger was signed before.

Whatever else the quick look at the record finds becomes an incident; the site starts, because cells cannot wait.
"""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts.models import KeyWrap
from config.story import waiting
from ledger import engine_checks, incidents, selfcheck
from ledger.models import Site

LOWEST_COST_OF_A_PLANT = 15


def refuse_unsafe_start() -> None:
    """Raise ImproperlyConfigured with the reason if this process must not serve the site in this database."""
    site = Site.objects.first()
    if site is None:
        _refuse_lost_site()
        return
    if site.training != settings.TRAINING:
        founded = "training" if site.training else "plant"
        raise ImproperlyConfigured(
            f"This site was founded as {founded}, which never changes; CELLWRIGHT_MODE says {settings.MODE}."
        )
    if site.origin != settings.LEDGER_ORIGIN:
        raise ImproperlyConfigured(
            f"This site was founded at {site.origin}; CELLWRIGHT_ORIGIN says {settings.LEDGER_ORIGIN}."
        )
    cheap = KeyWrap.objects.filter(log2_n__lt=LOWEST_COST_OF_A_PLANT, person__state__active=True)
    if not site.training and cheap.exists():
        raise ImproperlyConfigured("A key of this plant is wrapped at the cost of a training site. Replace it first.")
    if not site.training and (unsafe := list(engine_checks.durability(connection))):
        raise ImproperlyConfigured(" ".join(unsafe))
    if not waiting.is_told():
        incidents.record(selfcheck.quick())


def _refuse_lost_site() -> None:
    heads, _away = selfcheck.remembered()
    if heads:
        largest = max(heads, key=lambda pair: pair[1].size)[1]
        raise ImproperlyConfigured(
            f"This database holds no site, but a ledger of {largest.size} entries was signed here. Restore the "
            "database; to begin another site, begin it with data, signer and high-water folders of its own."
        )
