"""The API: each room's addresses, and the description of them all for people who are signed in."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from accounts.api.authentication import IsKnownPerson
from config.inspection_day import InspectionDayView
from config.integrity import IntegrityView

ROOMS = ("chain_of_custody", "batches", "qc", "reports")


urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularJSONAPIView.as_view(permission_classes=[IsKnownPerson]), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", template_name="config/api_docs.html", permission_classes=[IsKnownPerson]
        ),
        name="api-docs",
    ),
    path("inspection-day/", InspectionDayView.as_view(), name="api-inspection-day"),
    path("integrity/", IntegrityView.as_view(), name="api-integrity"),
    path("", include("accounts.api.urls")),
]
urlpatterns += [path("", include(f"{room}.api.urls")) for room in ROOMS]
