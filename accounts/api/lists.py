"""Lists that are read page by page: a cursor, so that what is added meanwhile moves nothing."""

from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    """Fifty at a time by default, two hundred at most; a list names its own order."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "pk"

    @classmethod
    def by(cls, *ordering: str) -> type["Pages"]:
        """Give pages in an order of one's own; the order must be total."""
        return type("Pages", (cls,), {"ordering": ordering})
