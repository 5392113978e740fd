"""A one-off departure from a master record, applied to its text: what a redline may change, and what results.

`changes` is a list of maps; each names a step and one thing that is different there:

{step: "3.2", instruction: "…"}                        another instruction
{step: "3.2", field: code, low: "5", high: "9"}        other limits; an end that is not named stays
{step: "3.2", field: code, expected: ["yes"]}          other expected answers
{step: "3.2", need: code, of: other_item}              another material or type of equipment
{step: "3.2", leave_out: "yes"}                        the step is not done
{step: "3.2", add_field: {code: …, title: …, …}}       one more value to record, written as in a master record

What protects identity cannot be taken away: a scan of containers, a check before an act, a witnessed or a forced step
is never left out, and what a container scan expects stays.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from batches.definitions.applying import applied
from batches.definitions.master import LeftOut, MasterDefinition
from batches.definitions.master_checks import faults_of_applied
from batches.definitions.parts import FaultyDefinitionError, held_against, refuse
from batches.definitions.reading import master_from

REDLINE_SCHEMA = Path(__file__).parent / "schema" / "redline.json"
CHECKED_KINDS = ("container_scan", "check_before_act", "fill")
EXCHANGEABLE = ("material_lot", "equipment")
Change = Mapping[str, Any]  # Any: texts, lists and maps, as the schema allows them
Changes = Sequence[Change]


def changes_read(data: object) -> list[dict[str, Any]]:  # Any: as above
    """Give changes that have the shape of the language; raise FaultyDefinitionError with every fault of it."""
    return [dict(each) for each in held_against(REDLINE_SCHEMA, {"changes": data})["changes"]]  # type: ignore[attr-defined]  # the schema says that it is a list


def amended(data: Mapping[str, object], redlines: Sequence[Changes], attributes: Mapping[str, str]) -> MasterDefinition:
    """Give the record of a text as it applies to a batch with its redlines, in the order of their approval.

    Raises FaultyDefinitionError where a change does not fit the text, or the record that results does not hold.
    """
    changed, left_out = copy.deepcopy(data), []
    for changes in redlines:
        for change in changes:
            left_out += _change(changed, change)
    holding = applied(master_from(changed), attributes)
    refuse(faults_of_applied(holding))
    return replace(holding, left_out=(*holding.left_out, *left_out))


def _change(data: Any, change: Change) -> list[LeftOut]:  # Any: plain data, changed in place
    code = change["step"]
    steps = [step for stage in data["stages"] for step in stage.get("steps", []) if step["code"] == code]
    if not steps:
        raise FaultyDefinitionError([f"The record has no step {code}."])
    if "leave_out" in change:
        return [_leave_out(data, steps)]
    for step in steps:
        if "instruction" in change:
            step["instruction"] = change["instruction"]
        elif "field" in change:
            _change_field(step, change)
        elif "need" in change:
            _change_need(step, change)
        else:
            step.setdefault("fields", []).append(copy.deepcopy(change["add_field"]))
    return []


def _leave_out(data: Any, steps: Sequence[Any]) -> LeftOut:  # Any: as above
    code = steps[0]["code"]
    if any(step["kind"] in CHECKED_KINDS or "yes" in (step["witness"], step["forced"]) for step in steps):
        raise FaultyDefinitionError(
            [f"Step {code} protects identity or sterility, or is witnessed. A redline cannot leave it out."]
        )
    for stage in data["stages"]:
        if stage.get("steps"):
            stage["steps"] = [step for step in stage["steps"] if step["code"] != code]
    data["stages"] = [stage for stage in data["stages"] if stage.get("steps") or stage.get("laboratory") == "yes"]
    return LeftOut(code, str(steps[0]["title"]), "an approved redline", is_step=True)


def _change_field(step: Any, change: Change) -> None:  # Any: plain data, changed in place
    code = change["field"]
    found = next((each for each in [*step.get("fields", []), *step.get("derived", [])] if each["code"] == code), None)
    if found is None:
        raise FaultyDefinitionError([f"Step {step['code']} has no value {code}."])
    if step["kind"] == "container_scan":
        raise FaultyDefinitionError([f"Step {step['code']} compares identities. What it expects stays."])
    for name in ("low", "high", "expected"):
        if name in change:
            found[name] = change[name]


def _change_need(step: Any, change: Change) -> None:  # Any: plain data, changed in place
    found = next((each for each in step.get("needs", []) if each["code"] == change["need"]), None)
    if found is None:
        raise FaultyDefinitionError([f"Step {step['code']} has no slot {change['need']}."])
    if found["kind"] not in EXCHANGEABLE:
        raise FaultyDefinitionError(
            [f"Step {step['code']}, {found['code']}: a redline exchanges a material or a type of equipment alone."]
        )
    found["of"] = change["of"]
