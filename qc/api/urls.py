"""The addresses of this room's API, below /api/v1/."""

from django.urls import path

from qc.api import controls, deviations, dose, laboratory, out_of_specification, release, review, trends

urlpatterns = [
    path("deviations/", deviations.DeviationsView.as_view(), name="api-deviations"),
    path("deviations/<str:number>/", deviations.DeviationView.as_view(), name="api-deviation"),
    path("growth-tests/", laboratory.GrowthTestsView.as_view(), name="api-growth-tests"),
    path("oos/", out_of_specification.RecordsView.as_view(), name="api-out-of-specification-list"),
    path("oos/<str:number>/", out_of_specification.RecordView.as_view(), name="api-out-of-specification"),
    path("capa/", out_of_specification.CapasView.as_view(), name="api-capa"),
    path("controls/", controls.ControlsView.as_view(), name="api-controls"),
    path("controls/<str:code>/", controls.ControlView.as_view(), name="api-control"),
    path("controls/<str:code>/runs/", controls.RunsView.as_view(), name="api-control-runs"),
    path("trends/", trends.TrendsView.as_view(), name="api-trends"),
    path("trends/signals/", trends.SignalsView.as_view(), name="api-trend-signals"),
    path("trends/<str:product>/<str:line>/", trends.TrendView.as_view(), name="api-trend"),
    path("batches/<str:number>/samples/", laboratory.SamplesView.as_view(), name="api-samples"),
    path("batches/<str:number>/readings/", laboratory.ReadingsView.as_view(), name="api-readings"),
    path("batches/<str:number>/results/", laboratory.ResultsView.as_view(), name="api-results"),
    path("batches/<str:number>/release-panel/", release.PanelView.as_view(), name="api-release-panel"),
    path("batches/<str:number>/dose/", dose.DoseView.as_view(), name="api-dose"),
    path("batches/<str:number>/facts/", release.FactsView.as_view(), name="api-facts"),
    path("batches/<str:number>/review/", review.ReviewView.as_view(), name="api-review"),
    path("batches/<str:number>/disposition/", release.DispositionView.as_view(), name="api-disposition"),
    path("batches/<str:number>/after-release/", release.AfterReleaseView.as_view(), name="api-after-release"),
]
