"""Settings, read from the environment once; what is not set is safe.

The names all begin with CELLWRIGHT_: MODE (training or plant), ORIGIN, DATA_DIR, PEPPER_FILE,
DATABASE_URL, BROKER_URL, TIME_ZONE, SECRET_KEY or SECRET_KEY_FILE. docs/settings.md explains each.

Rules kept here:
(1) no secret has a default: a site creates its own in DATA_DIR, readable by its owner alone;
(2) a plant is served over TLS: cookies are Secure and the origin must be https;
(3) there is no debug mode.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.databases import database_from
from ledger.authorities import authorities_from
from ledger.own_secret import own_secret

BASE_DIR = Path(__file__).resolve().parent.parent


def setting(name: str, default: str = "") -> str:
    """Give CELLWRIGHT_<name> of the environment, or the content of the file that CELLWRIGHT_<name>_FILE names."""
    if path := os.environ.get(f"CELLWRIGHT_{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(f"CELLWRIGHT_{name}", default)


MODE = setting("MODE", "plant")
if MODE not in {"training", "plant"}:
    raise ImproperlyConfigured("CELLWRIGHT_MODE must be training or plant.")
TRAINING = MODE == "training"

DATA_DIR = Path(setting("DATA_DIR", str(BASE_DIR / "var"))).absolute()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

SECRET_KEY = setting("SECRET_KEY") or own_secret(DATA_DIR / "secret-key")
# Mixed into every person's key derivation; belongs on another volume than the database and its backups.
PEPPER_FILE = Path(os.environ.get("CELLWRIGHT_PEPPER_FILE", str(DATA_DIR / "pepper")))

ORIGIN = setting("ORIGIN", "http://127.0.0.1:8000" if TRAINING else "https://localhost")
_origin = urlsplit(ORIGIN)
if _origin.scheme not in {"http", "https"} or not _origin.hostname:
    raise ImproperlyConfigured("CELLWRIGHT_ORIGIN must be an address such as https://records.example.org.")
if _origin.scheme != "https" and not TRAINING:
    raise ImproperlyConfigured("A plant is served over TLS: CELLWRIGHT_ORIGIN must begin with https://.")
# What the ledger's proofs name: the origin without its scheme.
LEDGER_ORIGIN = f"{_origin.netloc}{_origin.path.rstrip('/')}"

# Who holds the log's key: a separate signer behind this socket, or, without one, this process in a folder of its own.
SIGNER_SOCKET = setting("SIGNER")
SIGNER_DIR = Path(setting("SIGNER_DIR", str(DATA_DIR / "signer")))
SIGNER_TIMEOUT_SECONDS = 10
# Every signed head, one line each; belongs on another volume than the database and its backups.
HIGH_WATER_FILE = Path(setting("HIGH_WATER_FILE", str(DATA_DIR / "high-water")))

# Authorities outside the site that time-stamp its checkpoints, each trusted by the roots in its own file.
TSA_ROOTS = Path(setting("TSA_ROOTS", str(DATA_DIR / "tsa-roots"))).absolute()
try:
    TSA_AUTHORITIES = authorities_from(setting("TSA"), TSA_ROOTS)
except ValueError as error:
    raise ImproperlyConfigured(f"CELLWRIGHT_TSA: {error}") from error
TSA_TIMEOUT_SECONDS = 10.0
# Whether decisions wait for a recent stamp from outside, or go on with a warning.
ANCHOR_POLICY = setting("ANCHOR_POLICY", "warn")
if ANCHOR_POLICY not in {"warn", "block"}:
    raise ImproperlyConfigured("CELLWRIGHT_ANCHOR_POLICY must be warn or block.")
if ANCHOR_POLICY == "block" and not TSA_AUTHORITIES:
    raise ImproperlyConfigured("CELLWRIGHT_ANCHOR_POLICY block needs an authority: name one in CELLWRIGHT_TSA.")
ANCHOR_MAX_AGE_HOURS = 24

# The site's certificate, with which it signs the PDFs that it issues (PEM files); without one a plant signs none.
PDF_CERTIFICATE_FILE = os.environ.get("CELLWRIGHT_PDF_CERTIFICATE_FILE", "")
PDF_KEY_FILE = os.environ.get("CELLWRIGHT_PDF_KEY_FILE", "")
PDF_CHAIN_FILE = os.environ.get("CELLWRIGHT_PDF_CHAIN_FILE", "")
PDF_KEY_PASSPHRASE = setting("PDF_KEY_PASSPHRASE")
PDF_SIGNING_LEVEL = setting("PDF_SIGNING_LEVEL")
if bool(PDF_CERTIFICATE_FILE) != bool(PDF_KEY_FILE):
    raise ImproperlyConfigured("CELLWRIGHT_PDF_CERTIFICATE_FILE and CELLWRIGHT_PDF_KEY_FILE are set together.")
if PDF_SIGNING_LEVEL not in {"", "B-LTA"}:
    raise ImproperlyConfigured("CELLWRIGHT_PDF_SIGNING_LEVEL is B-LTA or not set.")
if PDF_SIGNING_LEVEL and not TSA_AUTHORITIES:
    raise ImproperlyConfigured("CELLWRIGHT_PDF_SIGNING_LEVEL needs an authority: name one in CELLWRIGHT_TSA.")

# How alarms leave the site: a mail server, and after how many minutes the next level is told.
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = setting("MAIL_HOST", "localhost")
EMAIL_PORT = int(setting("MAIL_PORT", "25"))
EMAIL_HOST_USER = setting("MAIL_USER")
EMAIL_HOST_PASSWORD = setting("MAIL_PASSWORD")
EMAIL_USE_TLS = setting("MAIL_TLS", "no") == "yes"
EMAIL_TIMEOUT = 10
ALARM_MAIL_FROM = setting("ALARM_MAIL_FROM", f"cellwright@{_origin.hostname}")
ALARM_ESCALATION_MINUTES = int(setting("ALARM_ESCALATION_MINUTES", "10"))
ACCESS_REVIEW_DAYS = int(setting("ACCESS_REVIEW_DAYS", "90"))

DEBUG = False
ALLOWED_HOSTS = [_origin.hostname] + (["127.0.0.1", "localhost"] if TRAINING else [])
CSRF_TRUSTED_ORIGINS = [f"{_origin.scheme}://{_origin.netloc}"]
_secure = _origin.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _secure
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _secure
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_NAME = "cellwright-session"
CSRF_COOKIE_NAME = "cellwright-csrf"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "config.problems.csrf_failure"

# A station locks after this many seconds in which nobody did anything; a session ends after the second number.
IDLE_LOCK_SECONDS = int(setting("IDLE_LOCK_SECONDS", "600"))
SESSION_LIFETIME_SECONDS = SESSION_COOKIE_AGE

# The rooms stand in their order, so that what a room registers finds what it builds on.
INSTALLED_APPS = [
    "ledger",
    "accounts",
    "chain_of_custody",
    "batches",
    "qc",
    "reports",
    "config",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.PersonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.problems.RefusalMiddleware",
    "config.story.waiting.ReadingMeanwhile",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "accounts.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "config.shell.shell",
            ],
        },
    }
]

DATABASES = {"default": database_from(setting("DATABASE_URL"), DATA_DIR)}
# The same database under a role that may delete identity records whose erasure was approved, and do nothing else.
if _eraser := setting("ERASER_DATABASE_URL"):
    DATABASES["eraser"] = database_from(_eraser, DATA_DIR)
BROKER_URL = setting("BROKER_URL")
# A worker that died with a job in hand keeps it from the others for this long.
JOB_LEASE_SECONDS = int(setting("JOB_LEASE_SECONDS", "300"))

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# The zone people at the site live in; records keep UTC and show this zone with its offset.
SITE_TIME_ZONE = setting("TIME_ZONE", "Europe/Berlin")
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    # A plant serves collected files under names that change with their content, so that no tablet keeps an old script.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TRAINING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TRAINING

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
# A review of access asks three things of every account that ever was; the size above bounds a request anyway.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.SessionPerson",
        "accounts.api.authentication.BearerPerson",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.authentication.IsKnownPerson"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.api.problems.problem_details",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cellwright",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "ContainerKind": "chain_of_custody.models.Container.Kind",
        "PartyKind": "chain_of_custody.models.Party.Kind",
        "PlaceKind": "chain_of_custody.models.Place.Kind",
        "DefinitionKind": "batches.models.Definition.Kind",
        "LotKind": "batches.models.MaterialLot.Kind",
        "DepartureKind": "batches.models.Departure.Kind",
        "DocumentKind": "reports.models.Document.Kind",
    },
}

# The derivation that unlocks a person's key. The cost is stored with each key; this is the cost of new ones.
# A plant takes no less than 2^15 (32 MiB each). Demo people have the lowest; a plant with such a key does not start.
KEY_DERIVATION_LOG2N = int(setting("KEY_DERIVATION_LOG2N", "15"))
if KEY_DERIVATION_LOG2N < 15 and not TRAINING:
    raise ImproperlyConfigured("CELLWRIGHT_KEY_DERIVATION_LOG2N below 15 is for training sites alone.")
# Web processes on this machine share its cores: at most this many derivations run at once in each.
DERIVATIONS_AT_ONCE = max(1, (os.cpu_count() or 1) // int(setting("WEB_PROCESSES", "1")))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
