"""The addresses of the laboratory's pages and of the release decision."""

from django.urls import path

from qc.views import (
    after_release,
    bench,
    capa,
    contract_laboratory,
    controls,
    deviations,
    growth,
    importing,
    laboratory,
    out_of_specification,
    plates,
    release,
    samples,
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
    path("complaints/", after_release.complaint_list, name="complaints"),
    path("complaints/<str:number>/", after_release.complaint, name="complaint"),
    path("capa/", capa.capa, name="capa"),
    path("samples/", laboratory.samples, name="samples"),
    path("growth-tests/", growth.growth_tests, name="growth-tests"),
    path("specifications/", specifications.specifications, name="specifications"),
    path("specifications/<str:code>/<int:version>/", specifications.specification, name="specification"),
    path("controls/", controls.controls, name="controls"),
    path("controls/<str:code>/", controls.control, name="control"),
    path("trends/", trends.trends, name="trends"),
    path("trends/<str:product>/<str:line>/", trends.trend, name="trend"),
    path("batches/<str:number>/samples/", samples.plan, name="sample-plan"),
    path("batches/<str:number>/samples/receive/", laboratory.receive, name="sample-receive"),
    path("batches/<str:number>/tests/<str:line>/", tests.test, name="test"),
    path("batches/<str:number>/tests/<str:line>/readings/", tests.record, name="reading-record"),
    path(
        "batches/<str:number>/tests/<str:line>/certificates/",
        contract_laboratory.certificates,
        name="contract-certificates",
    ),
    path(
        "batches/<str:number>/tests/<str:line>/certificates/file/",
        contract_laboratory.store_file,
        name="contract-certificate-file",
    ),
    path("batches/<str:number>/tests/<str:line>/moments/", bench.moment, name="test-moment"),
    path("batches/<str:number>/tests/<str:line>/suitability/", bench.suitability, name="test-suitability"),
    path("batches/<str:number>/tests/<str:line>/complete-data/", bench.complete_data, name="test-complete-data"),
    path("batches/<str:number>/tests/<str:line>/import/", importing.send, name="import-send"),
    path("batches/<str:number>/tests/<str:line>/import/<uuid:file>/", importing.preview, name="import"),
    path("batches/<str:number>/tests/<str:line>/plate/", plates.plate, name="plate"),
    path("batches/<str:number>/after-release/evidence/", after_release.store_evidence, name="after-release-evidence"),
    path("batches/<str:number>/release/", release.release, name="release"),
    path("batches/<str:number>/release/evidence/", release.store_evidence, name="release-evidence"),
]
