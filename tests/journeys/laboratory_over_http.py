"""A laboratory that is reached over HTTP alone: samples, readings, acts, questions, decisions."""

from datetime import timedelta
from uuid import uuid4

from ledger import clock
from qc.specifying import specification_of
from tests.journeys.over_http import OverHttp
from tests.qc_builders import CONFORMING, FOURTEEN_DAYS, STERILITY, Laboratory


class LaboratoryOverHttp(OverHttp, Laboratory):
    """A laboratory that is reached over HTTP alone."""

    @property
    def at(self) -> str:
        return f"batches/{self.batch.number}/"

    def days_pass(self, after: timedelta) -> None:
        """Time goes on; everybody has to sign in again."""
        clock.tell(clock.now() + after)
        vars(self).pop("_clients", None)

    def sample(self, line: str) -> str:
        """The received sample that a line wants."""
        definition = specification_of(self.batch).line(line)
        assert definition is not None
        here = self.get(f"{self.at}samples/")["results"]
        code = next(one.code for one in self.containers_at(definition.sample_point))
        known = next((one["id"] for one in here if one["container"] == code), None)
        if known:
            return str(known)
        sent = {"scanned": code, "received_at": clock.now().isoformat(), "condition": "sealed, 4 °C"}
        told = self.post(f"{self.at}samples/", self.analyst, id=str(uuid4()), **sent)
        return str(told["sample"]["id"])

    def reads(self, line: str, typed: str, *, member: str = "", **more: object) -> None:
        sample = self.sample(line)
        self.post(
            f"{self.at}readings/", self.analyst, id=str(uuid4()), line=line, member=member or line, sample=sample,
            typed=typed, **more,
        )  # fmt: skip

    def concludes(self, line: str) -> None:
        """The result of a line, submitted by the analyst and reviewed by another person."""
        result = self.sign("result.submit", self.batch, self.analyst, line=line)
        self.sign("result.review", result, self.reviewer)

    def decides(self, decision: str, **said: str) -> str:
        return self.sign("batch.certify", self.batch, self.qp, decision=decision, **said)

    def dose_is_determined(self) -> None:
        dose = self.sign("dose.determine", self.batch, self.reviewer, reason="")
        self.sign("dose.verify", dose, self.second_reviewer)

    def is_reviewed(self) -> None:
        self.sign("results.approve", self.batch, self.reviewer)
        self.reads_by_exception()
        self.sign("record.review", self.batch, self.qa, statement="")

    def reads_by_exception(self) -> None:
        """Every open exception judged, every group of the audit trail with something new reviewed."""
        told = self.get(f"{self.at}review/", self.qa)
        said = {"outcome": "accept", "reason": "The code was compared by eye.", "impact": "None: it is the right one."}
        for one in told["exceptions"]:
            if one["judgement"] is None and not one["judged_elsewhere"]:
                self.sign("exception.judge", self.batch, self.qa, exception=one["key"], **said)
        new = [one for one in told["audit_trail"] if one["entries"]]
        for one in new:
            if one["is_critical"]:
                self.sign("audit_trail.review", self.batch, self.qa, groups=[one["group"]])
        if plain := [one["group"] for one in new if not one["is_critical"]]:
            self.sign("audit_trail.review", self.batch, self.qa, groups=plain)

    def disposition(self) -> dict[str, object]:
        told: dict[str, object] = self.get(f"{self.at}disposition/", self.qp)
        return told

    def against(self, decision: str) -> set[str]:
        """The codes of everything that stands against a decision."""
        decisions = self.get(f"{self.at}disposition/", self.qp)["decisions"]
        found = next(one for one in decisions if one["decision"] == decision)
        return {one["code"] for one in found["objections"]}

    def tests(self, line: str, **typed: str) -> None:
        """A line read and submitted; conforming unless other values are given by member."""
        for member, value in (typed or CONFORMING[line]).items():
            self.reads(line, value, member=member)

    def inoculates(self) -> None:
        """Both bottles of the sterility test, read once on the day of inoculation."""
        for bottle in (1, 2):
            self.reads(STERILITY, "no_growth", replicate=bottle, began_at=clock.now().isoformat())

    def tests_all(self, *, but: str = "") -> None:
        """Every line read, submitted and reviewed, but one; the bottles of the sterility test to their last day."""
        self.inoculates()
        for line in CONFORMING:
            if line != but:
                self.tests(line)
                self.concludes(line)
        self.days_pass(FOURTEEN_DAYS + timedelta(minutes=1))
        for bottle in (1, 2):
            self.reads(STERILITY, "no_growth", replicate=bottle)
        self.concludes(STERILITY)

    def documents(self) -> list[tuple[str, int, bool, bool]]:
        """Number's kind, version, whether interim, whether superseded, of each certificate."""
        rows = self.get(f"documents/?batch={self.batch.number}", self.qa)["results"]
        kept = [row for row in rows if row["kind"] in ("coa", "batch_certificate", "bc")]
        return sorted((row["number"][:2], row["version"], row["is_interim"], row["is_superseded"]) for row in kept)
