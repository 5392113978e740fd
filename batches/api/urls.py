"""The addresses of this room's API."""

from django.urls import path

from batches.api import keeping, steps, views

urlpatterns = [
    path("definitions/", views.DefinitionsView.as_view(), name="api-definitions"),
    path("definitions/<uuid:definition_id>/", views.DefinitionView.as_view(), name="api-definition"),
    path("lots/", views.LotsView.as_view(), name="api-lots"),
    path("orders/", views.OrdersView.as_view(), name="api-orders"),
    path("orders/<str:number>/", views.OrderView.as_view(), name="api-order"),
    path("orders/<str:number>/weights/", views.WeightsView.as_view(), name="api-weights"),
    path("batches/", views.BatchesView.as_view(), name="api-batches"),
    path("batches/<str:number>/", views.BatchView.as_view(), name="api-batch"),
    path("batches/<str:number>/departures/", views.DeparturesView.as_view(), name="api-departures"),
    path("batches/<str:number>/retention/", keeping.RetentionView.as_view(), name="api-retention"),
    path("batches/<str:number>/true-copies/", keeping.PapersView.as_view(), name="api-true-copies"),
    path("batches/<str:number>/steps/", steps.StepsView.as_view(), name="api-steps"),
    path("batches/<str:number>/steps/<str:step>/", steps.StepView.as_view(), name="api-step"),
    path("batches/<str:number>/steps/<str:step>/start/", steps.StartView.as_view(), name="api-step-start"),
    path("batches/<str:number>/steps/<str:step>/values/", steps.ValuesView.as_view(), name="api-step-values"),
    path("batches/<str:number>/steps/<str:step>/scans/", steps.ScansView.as_view(), name="api-step-scans"),
]
