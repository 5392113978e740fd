"""The addresses of documents."""

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("certificates/", views.certificates, name="certificates"),
    path("certificates/<str:number>/", views.certificate, name="certificate"),
    path("certificates/<str:number>/v<int:version>.pdf", views.download, name="download"),
]
