"""The addresses of this room's API, below /api/v1/."""

from django.urls import path

from reports.api import continuity, copies, documents

urlpatterns = [
    path(
        "batches/<str:number>/continuity/copies/<uuid:copy_id>/file/",
        continuity.CopyFileView.as_view(),
        name="api-continuity-copy",
    ),
    path("documents/", documents.DocumentsView.as_view(), name="api-documents"),
    path("documents/<str:number>/v<int:version>.pdf", documents.DocumentFileView.as_view(), name="api-document-file"),
    path("copies/", copies.CopiesView.as_view(), name="api-copies"),
    path("copies/<uuid:asked>/", copies.CopyView.as_view(), name="api-copy"),
    path("copies/<uuid:asked>/file/", copies.CopyFileView.as_view(), name="api-copy-file"),
    path("inspections/", copies.InspectionsView.as_view(), name="api-inspections"),
]
