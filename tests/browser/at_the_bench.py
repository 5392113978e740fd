"""A batch worked through at the screen: every step begun, scanned, filled in and signed in Chromium.

What stands beside a step and has pages of its own (line clearance, the count of labels, yields, the decision on
the starting material) is done by the real acts between two steps, so that a journey stays within minutes.
"""

from collections.abc import Callable, Mapping

from playwright.sync_api import Locator, Page, expect

from accounts.wording import local
from batches.definitions.master import Field, FieldType, Step
from batches.models import Batch, LabelPrint
from batches.pinned import master_of
from ledger import clock
from tests.batches_builders import BatchWorld
from tests.browser.hands import sign_here
from tests.people import do

EVIDENCE = {"name": "curve.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n% a freezer's curve\n"}


class AtTheBench:
    """A technician's page, and the world in which the batch is made."""

    def __init__(self, page: Page, world: BatchWorld, batch: Batch, values: Mapping[str, str]) -> None:
        self.page = page
        self.world = world
        self.batch = batch
        self.values = values

    def work_through(self, seen: Callable[[Step], None] = lambda _step: None) -> None:
        """Work through every step of the batch; `seen` is called with each step before it is signed."""
        for step in master_of(self.batch).steps:
            self._begun(step)
            for field in step.fields:
                self._filled(field)
            for each in step.evidence:
                if each.required:
                    self._shown(each.code)
            if step.labels:
                self._labelled(step)
            seen(step)
            self.page.get_by_role("button", name="Sign", exact=True).click()
            sign_here(self.page, self.world.technician)
            if step.witness:
                self.page.get_by_role("button", name="Sign as witness").click()
                sign_here(self.page, self.world.second)
            self.world.verify_yields(self.batch, step.code)
            self.world.clear_what_is_done(self.batch, step.code)

    def _begun(self, step: Step) -> None:
        if step.is_checked_before_the_act:
            self.world.decided(self.batch)
        codes = {need.code: self.world.codes_for(self.batch, need) for need in step.needs}
        self._open(step)
        self.page.get_by_role("button", name="Begin the step").click()
        for slot, read in codes.items():
            for code in read:
                self.page.locator(f"#slot-{slot}").fill(code)
                self.page.locator(f"#slot-{slot}").press("Enter")
                expect(self.page.locator("#slots")).to_contain_text(code)
        if step.is_checked_before_the_act:
            self.page.get_by_role("button", name="Sign the check").click()
            sign_here(self.page, self.world.checker)

    def _filled(self, field: Field) -> None:
        entry = self.page.locator(f"#{field.code}-field")
        if field.type is FieldType.TIME:
            entry.locator(f"#{field.code}").fill(f"{local(clock.now()):%Y-%m-%dT%H:%M:%S}")
            entry.locator(f"#{field.code}").press("Tab")
        elif field.choices:
            entry.locator(f"input[value='{self.values.get(field.code, 'yes')}']").check(force=True)
        else:
            entry.locator(f"#{field.code}").fill(self.values.get(field.code, "EQ-1"))
            entry.locator(f"#{field.code}").press("Tab")
        expect(_saved(entry)).to_be_visible()

    def _shown(self, evidence: str) -> None:
        files = self.page.locator("#files")
        files.locator("#file-evidence").select_option(evidence)
        files.locator("#step-file").set_input_files(EVIDENCE)  # type: ignore[arg-type]  # a file by its content
        files.get_by_role("button", name="Keep the file").click()
        expect(self.page.locator("#files")).to_contain_text("curve.pdf")

    def _labelled(self, step: Step) -> None:
        """Print the labels of a step on their own page, apply each by both codes, and let a second person count."""
        place = f"/batches/{self.batch.number}/labels/"
        for kind in step.labels:
            self.page.goto(place)
            self.page.locator("select[name=kind]").select_option(str(kind))
            self.page.get_by_role("button", name="Print labels").click()
            newest = self.page.locator("section.card", has_text="Not counted yet").first
            rows = newest.locator("tbody tr")
            pairs = [
                (row.locator("th").inner_text().strip(), row.locator("td").first.inner_text().strip())
                for row in rows.all()
            ]
            for label, container in pairs:
                self.page.locator("#apply-label").fill(label)
                self.page.locator("#apply-container").fill(container)
                self.page.get_by_role("button", name="Record that it is applied").click()
                self.page.wait_for_load_state()
            row = LabelPrint.objects.filter(batch=self.batch).latest("recorded_at")
            do("label.reconcile", row, by=self.world.second, kept="0")
        self._open(step)

    def _open(self, step: Step) -> None:
        self.page.goto(f"/batches/{self.batch.number}/steps/{step.code}/")


def _saved(entry: Locator) -> Locator:
    return entry.get_by_text("Saved", exact=False).first
