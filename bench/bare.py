"""The product's addresses, and one beside them that inserts a row and does nothing else."""

from django.db import connection, transaction
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as of_the_product
from ledger import clock

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class BareInsert(APIView):
    """One row in one transaction, through the same middleware, session and parser as everything else."""

    def post(self, request: Request) -> Response:
        data = request.data if isinstance(request.data, dict) else {}
        row = [data["id"], data["typed"], clock.now().isoformat()]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_bare VALUES (%s, %s, %s)", row)
        return Response({"id": row[0]}, status=201)


urlpatterns = [*of_the_product, path("bare/", BareInsert.as_view())]
