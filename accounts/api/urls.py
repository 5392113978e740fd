"""The addresses of this room's API, below /api/v1/."""

from django.urls import path

from accounts.api import access, alarms, challenges, people, training

urlpatterns = [
    path("challenges/", challenges.ChallengeView.as_view(), name="api-challenges"),
    path("acts/", challenges.ActsView.as_view(), name="api-acts"),
    path("acts/<str:code>/", challenges.ActView.as_view(), name="api-act"),
    path("people/", people.PeopleView.as_view(), name="api-people"),
    path("people/<uuid:person_id>/", people.PersonView.as_view(), name="api-person"),
    path("account/", people.OwnAccountView.as_view(), name="api-account"),
    path("account/key/", people.OwnKeyView.as_view(), name="api-account-key"),
    path("access/", access.AccountsView.as_view(), name="api-access"),
    path("access/<str:username>/", access.AccountView.as_view(), name="api-access-account"),
    path("access-reviews/", access.AccessReviewsView.as_view(), name="api-access-reviews"),
    path("access-reviews/<uuid:review_id>/", access.AccessReviewView.as_view(), name="api-access-review"),
    path("signers/", access.SignersView.as_view(), name="api-signers"),
    path("alarms/", alarms.AlarmsView.as_view(), name="api-alarms"),
    path("alarms/<uuid:alarm_id>/", alarms.AlarmView.as_view(), name="api-alarm"),
    path("on-call/", alarms.DutiesView.as_view(), name="api-on-call"),
    path("on-call/<uuid:duty_id>/end/", alarms.DutyEndView.as_view(), name="api-on-call-end"),
    path("training/", training.TrainingView.as_view(), name="api-training"),
    path("roles/", people.RolesView.as_view(), name="api-roles"),
]
