"""The addresses of this room's API, below /api/v1/."""

from django.urls import path

from qc.api import deviations, laboratory, release

urlpatterns = [
    path("deviations/", deviations.DeviationsView.as_view(), name="api-deviations"),
    path("deviations/<str:number>/", deviations.DeviationView.as_view(), name="api-deviation"),
    path("batches/<str:number>/samples/", laboratory.SamplesView.as_view(), name="api-samples"),
    path("batches/<str:number>/readings/", laboratory.ReadingsView.as_view(), name="api-readings"),
    path("batches/<str:number>/results/", laboratory.ResultsView.as_view(), name="api-results"),
    path("batches/<str:number>/release-panel/", release.PanelView.as_view(), name="api-release-panel"),
    path("batches/<str:number>/facts/", release.FactsView.as_view(), name="api-facts"),
    path("batches/<str:number>/disposition/", release.DispositionView.as_view(), name="api-disposition"),
    path("batches/<str:number>/after-release/", release.AfterReleaseView.as_view(), name="api-after-release"),
]
