"""The invented people of a training site. They all have one password, which the site prints when it starts."""

from dataclasses import dataclass

from accounts.roles import Role

SECRET = "training-site-only-2026"  # noqa: S105  a training site says it aloud


@dataclass(frozen=True, slots=True)
class Invented:
    """Somebody who does not exist."""

    username: str
    name: str
    title: str
    roles: tuple[Role, ...]

    @property
    def words(self) -> str:
        """What they are, for the list that is printed."""
        return ", ".join(str(role.label) for role in self.roles)


FOUNDERS = (
    Invented("iberg", "Ines Berg", "Administrator", (Role.ADMINISTRATOR,)),
    Invented("omarek", "Ota Marek", "Administrator", (Role.ADMINISTRATOR,)),
)
STAFF = (
    Invented("mokafor", "Maya Okafor", "Technician", (Role.TECHNICIAN,)),
    Invented("shaddad", "Samir Haddad", "Technician", (Role.TECHNICIAN,)),
    Invented("lnunes", "Lia Nunes", "Technician", (Role.TECHNICIAN,)),
    Invented("lbrandt", "Lena Brandt", "QC analyst", (Role.QC_ANALYST,)),
    Invented("nferri", "Nico Ferri", "QC reviewer", (Role.QC_REVIEWER,)),
    Invented("alindqvist", "Anna Lindqvist", "Head of quality control", (Role.QC_REVIEWER,)),
    Invented("rcastellanos", "Ruth Castellanos", "Quality assurance", (Role.QA,)),
    Invented("tweiss", "Tomas Weiss", "Quality assurance", (Role.QA,)),
    Invented("evarga", "Elena Varga", "Qualified person", (Role.QUALIFIED_PERSON,)),
    Invented("jpark", "Jun Park", "Logistics", (Role.LOGISTICS,)),
    Invented("jmoreau", "Julie Moreau", "Inspector", (Role.INSPECTOR,)),
)
PEOPLE = FOUNDERS + STAFF
