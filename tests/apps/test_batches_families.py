"""Shipped families through the real acts: a TIL batch from order to release testing, limits that a site sets first."""

import pytest

from accounts.refusal import Refused
from accounts.wording import today
from batches.models import Batch, Departure, StepPerformed
from batches.record import Status, record_of
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container
from tests.families_builders import FamilyWorld, filled, source_of
from tests.people import do, fresh

pytestmark = pytest.mark.django_db


def made_in(batch: Batch, step: str) -> list[Container]:
    """The containers that a step made, in the order of their codes."""
    performed = StepPerformed.objects.get(batch=batch, step=step)
    return [one for one in of_batch(batch.number) if str(one.pk) in performed.containers]


def sources_of(container: Container) -> set[str]:
    return set(Container.objects.filter(pk__in=container.made_from).values_list("code", flat=True))


def test_a_til_batch_runs_to_release_testing_and_comes_from_the_cultures_that_were_chosen() -> None:
    world = FamilyWorld("til")
    batch = world.worked(world.issued(), before="4.3")

    # All four bags after the split are asked for, and nothing that was emptied before or stayed behind.
    start = world.begun(batch, "4.3", scanned=False)
    world.recorded(batch, "4.3")
    with pytest.raises(Refused) as refused:
        world.performed(batch, "4.3")
    split = made_in(batch, "4.2")
    asked = [each.says for each in refused.value.objections if each.field == "split_bags_fed"]
    assert [says for says in asked if "-CB-" in says] == [f"{bag.code} has not been scanned." for bag in split]
    world.scanned(batch, "4.3")
    do("step.perform", start, by=fresh(world.technician))
    batch = world.worked(batch, after="4.3")

    assert batch.state.stage == "release_testing"
    assert list(Departure.objects.filter(batch=batch).values_list("says", flat=True)) == []
    fragments, (pool,), (harvest,) = made_in(batch, "2.2"), made_in(batch, "3.3"), made_in(batch, "5.1")
    assert sources_of(pool) == {fragments[0].code, fragments[2].code}
    assert sources_of(harvest) == {bag.code for bag in split}
    assert of_batch(batch.number)[0].kind == "tumour_vessel"
    account = record_of(batch).account
    assert account is not None
    assert account.difference == 0


def test_limits_left_for_the_site_block_approval_until_they_are_set_and_then_a_batch_is_made() -> None:
    world = FamilyWorld("cd34", in_force=False)
    world.defined("product", source_of("cd34", "product"))
    for kind, named in (("master", "Step 2.4, CD34+ cells, share of viable cells"), ("specification", "Endotoxin")):
        open_ = world.prepared(kind, source_of("cd34", kind))
        with pytest.raises(Refused) as refused:
            do("definition.approve", open_, by=world.qp, effective_from=today().isoformat())
        assert {each.code for each in refused.value.objections} == {"to_be_set"}
        assert any(named in each.says for each in refused.value.objections)
        do("definition.return", open_, by=world.qp, reason="The limits of our site are to be set.")
        world.defined(kind, filled("cd34", kind).replace('version: "1"\ntitle', 'version: "2"\ntitle', 1))
    for person in (world.technician, world.second, world.checker):
        world.trained(person)

    batch = world.worked(world.issued(), before="1.3")

    assert (batch.master.version, batch.specification.version) == (2, 2)
    assert batch.state.stage == "receipt"
    assert record_of(batch).steps[1].status == Status.COMPLETE
