"""A process that is set up for another site than the one in its database does not start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.starting import refuse_unsafe_start
from tests.people import a_site

pytestmark = pytest.mark.django_db


def test_a_site_that_is_not_founded_yet_may_start():
    refuse_unsafe_start()


def test_the_founded_site_starts():
    a_site()

    refuse_unsafe_start()


def test_a_training_site_never_becomes_a_plant(settings):
    a_site()
    settings.TRAINING, settings.MODE = False, "plant"

    with pytest.raises(ImproperlyConfigured, match="founded as training"):
        refuse_unsafe_start()


def test_the_origin_is_that_of_the_founding(settings):
    a_site()
    settings.LEDGER_ORIGIN = "elsewhere.example"

    with pytest.raises(ImproperlyConfigured, match="founded at"):
        refuse_unsafe_start()


def test_a_plant_does_not_start_with_a_key_of_training_cost(settings):
    settings.TRAINING, settings.MODE = False, "plant"
    a_site()

    with pytest.raises(ImproperlyConfigured, match="cost of a training site"):
        refuse_unsafe_start()
