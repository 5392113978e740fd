"""What a signature can mean: a closed list, each with the sentence that its signer reads before signing."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Meaning(TextChoices):
    """The twelve meanings. The sentence of an act may say it more exactly; the code stays."""

    PERFORMED = "performed", _("I performed this and confirm the recorded values.")
    WITNESSED = "witnessed", _("I watched this being done and confirm the recorded values.")
    VERIFIED = "verified", _("I verified this independently.")
    REVIEWED = "reviewed", _("I reviewed this for accuracy, completeness and compliance.")
    APPROVED = "approved", _("I approve this.")
    CERTIFIED = "certified", _("I certify this.")
    REJECTED = "rejected", _("I reject this.")
    RELEASED = "released", _("I hand this over and give up custody when it is accepted.")
    ACCEPTED = "accepted", _("I accept this and take custody.")
    CORRECTED = "corrected", _("I corrected this; the first entry stays.")
    ADMITTED = "admitted", _("I checked this person's identity and admit them.")
    ENROLLED = (
        "enrolled",
        _("This key is mine alone. My signature with it binds me as my handwritten one does."),
    )
