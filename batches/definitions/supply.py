"""What a profile asks for before a product out of specification is supplied at a physician's request.

Four things are always needed and no profile can leave them out: quality assurance's evaluation of the risk, the
physician's request, the physician's acceptance after having seen the evaluation, and the patient's consent. A profile
adds the protocol under which it is given (United States: expanded access, or an IND for a single patient) and the
sponsor's agreement (a trial).
EU GMP Part IV 11.53 and 11.54; hours are data of the profile.
"""

from collections.abc import Iterator
from dataclasses import dataclass

PROTOCOL, SPONSOR = "protocol", "sponsor"
DECISION, INFUSION = "decision", "infusion"
QUALIFIED_PERSON = "qualified_person"
A_TRIAL = "trial"
UNITED_STATES = "US"


@dataclass(frozen=True, slots=True)
class SupplyNotified:
    """Who is told of a supply, and within how many hours from the decision or from each infusion."""

    code: str
    title: str
    hours: int
    counted_from: str  # decision, infusion


@dataclass(frozen=True, slots=True)
class SupplyRules:
    """Who decides on a supply, what it needs beside what is always needed, and who is told of it."""

    decided_by: str  # a role of the accounts
    needs: tuple[str, ...]  # protocol, sponsor
    notifications: tuple[SupplyNotified, ...]

    def told_from(self, counted_from: str) -> tuple[SupplyNotified, ...]:
        """Give who is told within hours from the decision, or from an infusion."""
        return tuple(each for each in self.notifications if each.counted_from == counted_from)


def plain_rules(profile: str, regime: str) -> SupplyRules:
    """Give the rules for a profile that was approved before it could say anything of a supply: nobody goes untold."""
    needs = [PROTOCOL] if profile == UNITED_STATES else []
    needs += [SPONSOR] if regime == A_TRIAL else []
    return SupplyRules(
        decided_by=QUALIFIED_PERSON,
        needs=tuple(needs),
        notifications=(
            SupplyNotified("sponsor", "Sponsor or holder of the authorisation", 24, DECISION),
            SupplyNotified("authority", "Supervisory authority", 48, INFUSION),
        ),
    )


def faults_of_supply(rules: SupplyRules | None, profile: str, regime: str) -> Iterator[str]:
    """Give what a schema cannot see: what a regime needs is among the needs, and somebody is told of an infusion."""
    if rules is None:
        return
    for needed in plain_rules(profile, regime).needs:
        if needed not in rules.needs:
            yield f"The profile's rules of a supply do not need: {needed}."
    if not rules.told_from(INFUSION):
        yield "The profile's rules of a supply tell nobody within hours from the infusion."
