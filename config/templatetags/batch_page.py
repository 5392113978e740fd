"""The tabs of a batch, for the pages of every room."""

from typing import Any

from django import template

from config.batch_page import tab_groups

register = template.Library()


@register.inclusion_tag("components/tab_groups.html", takes_context=True)
def batch_tabs(context: dict[str, Any], number: str, current: str = "") -> dict[str, Any]:  # Any: a template's context
    """Render the tabs of a batch for the person who reads the page; `tab_counts` are those that the page knows."""
    groups = tab_groups(number, context["request"].person, current, context.get("tab_counts"))
    return {"groups": groups, "label": number}
