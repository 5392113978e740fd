"""The addresses of the laboratory's pages and of the release decision."""

from django.urls import path

from qc.views import (
    capa,
    controls,
    deviations,
    growth,
    laboratory,
    out_of_specification,
    release,
    review,
    specifications,
    tests,
    trends,
)

app_name = "qc"
urlpatterns = [
    path("deviations/", deviations.deviations, name="deviations"),
    path("deviations/<str:number>/", deviations.deviation, name="deviation"),
    path("oos/", out_of_specification.records, name="out-of-specification-list"),
    path("oos/<str:number>/", out_of_specification.record, name="out-of-specification"),
    path("capa/", capa.capa, name="capa"),
    path("samples/", laboratory.samples, name="samples"),
    path("growth-tests/", growth.growth_tests, name="growth-tests"),
    path("specifications/", specifications.specifications, name="specifications"),
    path("specifications/<str:code>/<int:version>/", specifications.specification, name="specification"),
    path("controls/", controls.controls, name="controls"),
    path("controls/<str:code>/", controls.control, name="control"),
    path("trends/", trends.trends, name="trends"),
    path("trends/<str:product>/<str:line>/", trends.trend, name="trend"),
    path("batches/<str:number>/samples/receive/", laboratory.receive, name="sample-receive"),
    path("batches/<str:number>/tests/<str:line>/", tests.test, name="test"),
    path("batches/<str:number>/tests/<str:line>/readings/", tests.record, name="reading-record"),
    path("batches/<str:number>/review/", review.review, name="review"),
    path("batches/<str:number>/review/trail/", review.trail, name="review-trail"),
    path("batches/<str:number>/release/", release.release, name="release"),
    path("batches/<str:number>/release/evidence/", release.store_evidence, name="release-evidence"),
]
