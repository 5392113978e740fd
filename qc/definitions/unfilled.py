"""What a site has still to set: limits stand as "to be set", can be prepared and checked, and block approval.

So does the authorisation that allows a certification before the last result, where a line may follow, and how late the
result of such a line is at the latest.
"""

from collections.abc import Iterator, Mapping

from qc.definitions.specification import Release, SpecificationDefinition

TO_BE_SET = "to be set"
# A number in place of each, so that everything else about the criterion can be checked meanwhile.
STAND_INS = {"limit": "1", "low": "1", "high": "2", "nominal": "1"}


def unfilled_limits(specification: SpecificationDefinition) -> list[str]:
    """Give the limits that are still to be set, by line and member."""
    return [
        f"Line {line.code}, {line.title}" + (f", {member}" if member else "")
        for line in specification.lines
        for member in dict.fromkeys(_waiting(line.criterion))
    ]


def unfilled_two_step(specification: SpecificationDefinition) -> list[str]:
    """Give what is still to be said of the lines that may follow: nothing where there is none."""
    following = [line for line in specification.lines if line.release is Release.MAY_FOLLOW]
    named = specification.two_step is not None and specification.two_step.authorisation != TO_BE_SET
    return [
        *(["Two-step certification, the authorisation that allows it"] if following and not named else []),
        *(f"Line {line.code}, {line.title}, its latest day" for line in following if line.follows is None),
    ]


def as_if_set(criterion: Mapping[str, object]) -> dict[str, object]:
    """Give a criterion with a number in place of each limit that is still to be set."""
    kept = {
        key: STAND_INS[key] if value == TO_BE_SET and key in STAND_INS else value for key, value in criterion.items()
    }
    if kept != criterion:
        kept.pop("figures", None)  # those of the limit that will stand here
    members = criterion.get("members")
    if isinstance(members, list):
        kept["members"] = [_member_as_if_set(each) for each in members]
    return kept


def _member_as_if_set(member: object) -> object:
    if not isinstance(member, Mapping):
        return member
    inner = member.get("criterion")
    return {**member, "criterion": as_if_set(inner)} if isinstance(inner, Mapping) else member


def _waiting(criterion: object) -> Iterator[str]:
    """Give the titles of the members that wait; the empty text for the criterion itself."""
    if not isinstance(criterion, Mapping):
        return
    if any(criterion.get(key) == TO_BE_SET for key in STAND_INS):
        yield ""
    members = criterion.get("members")
    for member in members if isinstance(members, list) else []:
        if isinstance(member, Mapping) and list(_waiting(member.get("criterion"))):
            yield str(member.get("title", member.get("code", "")))
