"""What must hold before a process serves or works for a site.

(1) Training or plant was settled at the founding; a process that is set otherwise does not start.
(2) A plant does not start while the key of an active person was wrapped at a lower cost than new keys are: such keys
    come from a training site.
(3) The origin that entries name is that of the founding.
"""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.models import KeyWrap
from ledger.models import Site

LOWEST_COST_OF_A_PLANT = 15


def refuse_unsafe_start() -> None:
    """Raise ImproperlyConfigured with the reason if this process must not serve the site in this database."""
    site = Site.objects.first()
    if site is None:
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
