"""Where everything is found: each room's pages, the API, and the pages that join several rooms."""

from django.urls import URLPattern, URLResolver, include, path

from config import audit, batch_page, health, inspection_day, integrity, views

ROOMS = ("chain_of_custody", "batches", "qc", "reports")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("scan/", views.scan, name="scan"),
    path("audit/", audit.audit, name="audit"),
    path("integrity/", integrity.integrity, name="integrity"),
    path("inspection-day/", inspection_day.inspection_day, name="inspection-day"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include("config.api_urls")),
    path("", include("accounts.urls")),
]
urlpatterns += [path("", include(f"{room}.urls")) for room in ROOMS]
# After the rooms, whose own addresses below a batch say more.
urlpatterns += [
    path("batches/<str:number>/", batch_page.overview, name="batch"),
    path("batches/<str:number>/<slug:code>/", batch_page.tab, name="batch-tab"),
]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.forbidden"
handler404 = "config.problems.not_found"
handler500 = "config.problems.failed"
