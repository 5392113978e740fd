"""What the form of a page sent, without what the framework needs."""

from django.http import HttpRequest


def form_sent(request: HttpRequest, *, blanks: bool = True) -> dict[str, object]:
    """Give the named fields of a form; without `blanks` those alone that were filled in."""
    return {
        name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken" and (blanks or value != "")
    }
