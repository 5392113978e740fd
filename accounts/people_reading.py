"""Who may read about whom: oneself always, everybody for those who look after people."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from accounts.models import Person
from accounts.roles import Permission

READS_PEOPLE = frozenset({Permission.ACCOUNT_MANAGE, Permission.TRAINING_RECORD, Permission.BLOCK_LIFT})


def reads_people(person: Person) -> bool:
    """Tell whether a person's roles let them read about others."""
    return not READS_PEOPLE.isdisjoint(person.permissions)


def people_for(reader: Person) -> QuerySet[Person]:
    """Give everybody about whom somebody may read."""
    people = Person.objects.select_related("state").order_by("username")
    return people if reads_people(reader) else people.filter(pk=reader.pk)


def person_for(reader: Person, key: UUID) -> Person:
    """Give one person; somebody about whom the reader may not read is as good as missing."""
    person = people_for(reader).filter(pk=key).first()
    if person is None:
        raise Http404
    return person
