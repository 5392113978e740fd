"""The addresses of this room's pages. The page of a batch joins several rooms and stands elsewhere."""

from django.urls import path

from batches.views import keeping, lists, panels, steps

app_name = "batches"
urlpatterns = [
    path("batches/", lists.batches, name="batches"),
    path("batches/<str:number>/steps/<str:step>/", steps.page, name="step"),
    path("batches/<str:number>/steps/<str:step>/begin/", steps.begin, name="step-begin"),
    path("batches/<str:number>/steps/<str:step>/value/", steps.record, name="step-value"),
    path("batches/<str:number>/steps/<str:step>/correct/", steps.correct, name="step-correct"),
    path("batches/<str:number>/steps/<str:step>/scan/", steps.scan, name="step-scan"),
    path("batches/<str:number>/departures/report/", panels.report, name="report"),
    path("batches/<str:number>/papers/store/", keeping.upload, name="papers"),
    path("batches/<str:number>/papers/new/<uuid:file_id>/", keeping.certify, name="paper-new"),
    path("batches/<str:number>/papers/<uuid:copy_id>/file/", keeping.download, name="paper"),
    path("orders/", lists.orders, name="orders"),
    path("orders/new/", lists.new_order, name="new-order"),
    path("orders/<str:number>/", lists.order, name="order"),
    path("lots/", lists.materials, name="materials"),
    path("definitions/", lists.definitions, name="definitions"),
    path("definitions/<uuid:definition_id>/", lists.definition, name="definition"),
    path("definitions/<uuid:definition_id>/file/", lists.definition_file, name="definition-file"),
]
