"""The addresses of this room's pages."""

from django.urls import path

from accounts.views import access, account, alarms, enrol, people, security, sign_in, signing, training

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("lock/", sign_in.lock, name="lock"),
    path("unlock/", sign_in.unlock, name="unlock"),
    path("enrol/<str:token>/", enrol.page, name="enrol"),
    path("account/", account.page, name="account"),
    path("account/key/", account.rotate, name="rotate-key"),
    path("account/tokens/<uuid:token_id>/revoke/", account.revoke_token, name="token-revoke"),
    path("people/", people.everybody, name="people"),
    path("people/<uuid:person_id>/", people.one, name="person"),
    path("people/<uuid:person_id>/link/", people.link, name="person-link"),
    path("access/", access.accounts, name="access"),
    path("access/<str:username>/", access.account, name="access-account"),
    path("access-reviews/", access.access_reviews, name="access-reviews"),
    path("access-reviews/new/", access.new_access_review, name="access-review-new"),
    path("access-reviews/<uuid:review_id>/", access.access_review, name="access-review"),
    path("signers/", access.signing_people, name="signers"),
    path("alarms/", alarms.page, name="alarms"),
    path("alarms/<uuid:alarm_id>/", alarms.one, name="alarm"),
    path("on-call/<uuid:duty_id>/end/", alarms.end, name="duty-end"),
    path("training/", training.page, name="training"),
    path("roles/", people.roles, name="roles"),
    path("security/", security.log, name="security"),
    path("sign/<str:act>/<uuid:subject>/", signing.start, name="sign-start"),
    path("sign/<uuid:challenge_id>/", signing.page, name="sign"),
]
