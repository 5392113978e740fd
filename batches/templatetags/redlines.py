"""What was redlined on a step, where the step is worked."""

from django import template

from batches.models import Batch
from batches.redlines import redlines_on

register = template.Library()


@register.inclusion_tag("batches/_step_redlines.html")
def step_redlines(batch: Batch, step: str) -> dict[str, object]:
    """Render the approved redlines that change a step; nothing where there are none."""
    return {"redlines": redlines_on(batch, step)}
