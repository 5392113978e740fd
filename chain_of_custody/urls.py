"""The addresses of this room's pages."""

from django.urls import path

from chain_of_custody.views import containers, custody, donors, evidence, handing_over, registering, temperature

app_name = "chain_of_custody"
urlpatterns = [
    path("custody/", custody.everything, name="custody"),
    path("custody/subjects/new/", registering.subject, name="subject-new"),
    path("custody/parties/", registering.all_parties, name="parties"),
    path("custody/places/", registering.all_places, name="places"),
    path("custody/evidence/", evidence.evidence, name="evidence"),
    path("custody/evidence/<uuid:file_id>/", evidence.download, name="evidence-file"),
    path("custody/hand-overs/<uuid:offer_id>/", handing_over.one, name="hand-over"),
    path("custody/containers/<str:code>/", containers.container, name="container"),
    path("custody/<str:identifier>/", custody.chain, name="chain"),
    path("custody/<str:identifier>/collection/", registering.collection, name="collection-new"),
    path("custody/<str:identifier>/donor/", donors.donor, name="donor"),
    path("custody/<str:identifier>/temperatures/<uuid:stay>/", temperature.stay, name="stay"),
    path("custody/<str:identifier>/temperatures/<uuid:stay>/no-file/", temperature.no_file, name="no-file"),
    path("custody/<str:identifier>/logger-files/<uuid:file>/", temperature.logger_file, name="logger-file"),
    path("custody/<str:identifier>/hand-over/", handing_over.new, name="hand-over-new"),
]
