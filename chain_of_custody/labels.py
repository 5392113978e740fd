"""What the labels of this room mean: donation numbers, chains of identity, containers."""

from django.urls import reverse

from accounts.models import Person
from accounts.roles import Permission
from chain_of_custody.identity import chain_read, container_read, din_read
from chain_of_custody.models import ChainOfIdentity, Collection


def page_of(code: str, person: Person) -> str | None:
    """Give the page of what a label names; None where this room doesn't know it, or the person may not read it."""
    if Permission.RECORD_READ not in person.permissions:
        return None
    chain = chain_read(code)
    if chain is not None and ChainOfIdentity.objects.filter(identifier=chain).exists():
        return reverse("chain_of_custody:chain", args=[chain])
    container = container_read(code, typed=False) or container_read(code, typed=True)
    if container is not None:
        return reverse("chain_of_custody:container", args=[container.code])
    din = din_read(code, typed=False) or din_read(code, typed=True)
    collection = Collection.objects.select_related("coi").filter(din=din.code).first() if din else None
    return reverse("chain_of_custody:chain", args=[collection.coi.identifier]) if collection else None
