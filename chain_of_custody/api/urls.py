"""The addresses of this room's API, below /api/v1/."""

from django.urls import path

from chain_of_custody.api import custody, donors, files, registering, temperature

urlpatterns = [
    path("subjects/", registering.SubjectsView.as_view(), name="api-subjects"),
    path("subjects/<uuid:subject_id>/", registering.SubjectView.as_view(), name="api-subject"),
    path("chains/", registering.ChainsView.as_view(), name="api-chains"),
    path("chains/<str:identifier>/", registering.ChainView.as_view(), name="api-chain"),
    path("chains/<str:identifier>/custody/", custody.CustodyView.as_view(), name="api-custody"),
    path("chains/<str:identifier>/hand-overs/", custody.HandOversView.as_view(), name="api-hand-overs"),
    path("chains/<str:identifier>/logger-files/", temperature.LoggerFilesView.as_view(), name="api-logger-files"),
    path(
        "chains/<str:identifier>/logger-files/<uuid:file>/",
        temperature.LoggerFileView.as_view(),
        name="api-logger-file",
    ),
    path(
        "chains/<str:identifier>/temperatures/<uuid:stay>/no-file/",
        temperature.NoFileView.as_view(),
        name="api-no-file",
    ),
    path("parties/", registering.PartiesView.as_view(), name="api-parties"),
    path("places/", registering.PlacesView.as_view(), name="api-places"),
    path("collections/", custody.CollectionsView.as_view(), name="api-collections"),
    path("collections/<uuid:collection_id>/", custody.CollectionView.as_view(), name="api-collection"),
    path("collections/<uuid:collection_id>/donor-tests/", donors.DonorTestsView.as_view(), name="api-donor-tests"),
    path("containers/", custody.ContainersView.as_view(), name="api-containers"),
    path("containers/<str:code>/", custody.ContainerView.as_view(), name="api-container"),
    path("files/", files.FilesView.as_view(), name="api-files"),
    path("identity-checks/", custody.IdentityChecksView.as_view(), name="api-identity-checks"),
    path("placements/", custody.PlacementsView.as_view(), name="api-placements"),
]
