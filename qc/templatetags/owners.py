"""Whose turn it is, for pages that list what stands against a decision."""

from django import template

from accounts.refusal import Objection, Text
from qc.owners import owner_of

register = template.Library()


@register.filter
def owner(objection: Objection) -> Text:
    """Give the name of the role that clears a blocker."""
    return owner_of(objection).label
