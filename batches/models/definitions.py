"""Versions of definitions, and who stands for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from ledger.models import Written


class Definition(Signed):
    """A version of a product, master batch record, specification or method, as prepared: its text and its digest."""

    class Kind(models.TextChoices):
        PRODUCT = "product", _("product")
        MASTER = "master", _("master batch record")
        SPECIFICATION = "specification", _("specification")
        METHOD = "method", _("method")

    kind = models.CharField(max_length=14, choices=Kind)
    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    product = models.CharField(
        max_length=40, blank=True, help_text="the code of the product that it is about; a method is about none"
    )
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    change = models.TextField(max_length=1000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "code", "version"], name="a_definition_has_one_text_a_version")
        ]

    def stream_name(self) -> str:
        return f"master/{self.code}"

    @property
    def record_version(self) -> int:
        return self.version


class DefinitionCheck(Signed):
    """A second person checked a definition independently (21 CFR 211.186)."""

    definition = models.OneToOneField(Definition, on_delete=models.PROTECT, related_name="checked")

    def stream_name(self) -> str:
        return self.definition.stream_name()


class DefinitionApproval(Signed):
    """A third person approved a definition; it is in force from a day on."""

    definition = models.OneToOneField(Definition, on_delete=models.PROTECT, related_name="approval")
    effective_from = models.DateField()

    def stream_name(self) -> str:
        return self.definition.stream_name()


class DefinitionDraft(Written):
    """A text that somebody works on. It binds nobody; a later draft supersedes it."""

    kind = models.CharField(max_length=14, choices=Definition.Kind)
    code = models.CharField(max_length=40)
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    note = models.CharField(max_length=300, blank=True)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    def stream_name(self) -> str:
        return f"master/{self.code}"


class DefinitionReturned(Signed):
    """A prepared version was sent back instead of checked or approved; it never comes into force."""

    definition = models.OneToOneField(Definition, on_delete=models.PROTECT, related_name="returned")
    reason = models.CharField(max_length=1000)

    def stream_name(self) -> str:
        return self.definition.stream_name()
