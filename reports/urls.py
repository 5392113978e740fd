"""The addresses of documents, of the reader, of copies and of the page that verifies."""

from django.urls import path

from reports.views import access, copies, documents, inspections, product_review, recall, records, verifying

app_name = "reports"
urlpatterns = [
    path("certificates/", documents.certificates, name="certificates"),
    path("certificates/<str:number>/", documents.certificate, name="certificate"),
    path("certificates/<str:number>/v<int:version>.pdf", documents.download, name="download"),
    path("inspections/", inspections.inspections, name="inspections"),
    path("records/", records.granted_to_me, name="granted"),
    path("records/<str:number>/", records.record, name="record"),
    path("records/<str:number>/copies/", copies.ask_from_reader, name="record-copy"),
    path(
        "records/<str:number>/documents/<str:document_number>/v<int:version>.pdf",
        records.document,
        name="record-document",
    ),
    path("records/<str:number>/files/<str:sha256>/", records.file, name="record-file"),
    path("records/<str:number>/<slug:section>/", records.record, name="record-section"),
    path("batches/<str:number>/copies/", copies.ask_from_batch, name="batch-copy"),
    path("copies/", copies.copies, name="copies"),
    path("access.csv", access.accounts_list, name="access-csv"),
    path("signers.csv", access.signers_list, name="signers-csv"),
    path("trace/recall-list.csv", recall.recall_list, name="recall-csv"),
    path("trends/<str:product>/review.pdf", product_review.review, name="product-review"),
    path("exports/<uuid:asked>/", copies.export, name="export"),
    path("exports/<uuid:asked>/file/", copies.download, name="export-file"),
    path("verify/", verifying.verify, name="verify"),
    path("verify/<str:name>", verifying.given_out, name="verify-file"),
]
