"""The addresses of the laboratory's pages and of the release decision."""

from django.urls import path

from qc.views import deviations, laboratory, release, specifications, tests

app_name = "qc"
urlpatterns = [
    path("deviations/", deviations.deviations, name="deviations"),
    path("deviations/<str:number>/", deviations.deviation, name="deviation"),
    path("samples/", laboratory.samples, name="samples"),
    path("specifications/", specifications.specifications, name="specifications"),
    path("specifications/<str:code>/<int:version>/", specifications.specification, name="specification"),
    path("batches/<str:number>/samples/receive/", laboratory.receive, name="sample-receive"),
    path("batches/<str:number>/tests/<str:line>/", tests.test, name="test"),
    path("batches/<str:number>/tests/<str:line>/readings/", tests.record, name="reading-record"),
    path("batches/<str:number>/release/", release.release, name="release"),
    path("batches/<str:number>/release/evidence/", release.store_evidence, name="release-evidence"),
]
