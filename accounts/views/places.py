"""Where a page may send somebody next: only to an address of this site."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme


class SeeOther(HttpResponse):
    """Go on at another page of ours, by GET, after a form was carried out."""

    status_code = 303

    def __init__(self, place: str) -> None:
        super().__init__(headers={"Location": place})


def own_place(text: str, otherwise: str = "/") -> str:
    """Give a path of this site, or the other one when the text is anything else."""
    is_ours = text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None)
    return text if is_ours and len(text) <= 2000 else otherwise


def came_from(request: HttpRequest) -> str:
    """Give the path of ours from which a form was sent."""
    parts = urlsplit(request.headers.get("Referer", ""))
    if parts.netloc != request.get_host():
        return "/"
    return own_place(parts.path + (f"?{parts.query}" if parts.query else ""))
