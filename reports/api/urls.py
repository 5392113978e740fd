"""The addresses of this room's API, below /api/v1/."""

from django.urls import path

from reports.api import documents

urlpatterns = [
    path("documents/", documents.DocumentsView.as_view(), name="api-documents"),
    path("documents/<str:number>/v<int:version>.pdf", documents.DocumentFileView.as_view(), name="api-document-file"),
]
