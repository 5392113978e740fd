"""A batch of any family worked through the API alone: what a program or a tablet sends, nothing else.

The world around it (people, definitions in force, lots, equipment, areas, cells at the site) is built by the real acts
of its builders; from the issued batch on, every act, value, scan, file and label goes over HTTP.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client

from accounts.models import Person
from batches.clearing import points_of
from batches.definitions.master import Field, FieldType, Step
from batches.models import Area, Batch, LineClearance
from batches.pinned import master_of
from ledger import clock
from tests.batches_builders import VALUES, BatchWorld
from tests.families_builders import FamilyWorld
from tests.people import at_browser, secret_of

Answer = dict[str, Any]  # Any: a JSON text


class OverHttp(BatchWorld):
    """A world whose batch is made over HTTP; `values` holds what is typed, by field code."""

    values: Mapping[str, str]

    def client(self, by: Person) -> Client:
        """The signed-in client of a person."""
        clients: dict[Any, Client] = vars(self).setdefault("_clients", {})
        if by.pk not in clients:
            clients[by.pk] = at_browser(by)
        return clients[by.pk]

    def post(self, address: str, by: Person, **data: object) -> Answer:
        """What the API answers to something that it stored."""
        answer = self.client(by).post(f"/api/v1/{address}", json.dumps(data), content_type="application/json")
        assert answer.status_code == 201, f"{address}: {answer.status_code} {answer.content.decode()}"
        told: Answer = answer.json()
        return told

    def get(self, address: str, by: Person | None = None) -> Any:  # Any: a JSON text
        answer = self.client(by or self.technician).get(f"/api/v1/{address}")
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.content.decode()}"
        return answer.json()

    def sign(self, act: str, record: models.Model | str, by: Person, **intent: object) -> str:
        """The id of the row that an act signed, asked for and carried out over HTTP."""
        key = record if isinstance(record, str) else str(record.pk)
        asked = self.post("challenges/", by, act=act, record=key, intent=intent)
        body = {"challenge": asked["challenge"], "username": by.username, "secret": secret_of(by)}
        row = self.post(f"acts/{act}/", by, **body)["record"]["id"]
        assert isinstance(row, str)
        return row

    def make(self, batch: Batch) -> None:
        """Work through every step of a batch, and through what stands beside the steps."""
        for step in master_of(batch).steps:
            self._step(batch, step)
        for each in self.get(f"batches/{batch.number}/yields/"):
            self.sign("yield.verify", batch, self.second, yield_code=each["code"])

    def _step(self, batch: Batch, step: Step) -> None:
        at = f"batches/{batch.number}/steps/{step.code}/"
        if step.is_checked_before_the_act and self._is_undecided(batch):
            self.sign("starting_material.decide", batch, self.reviewer, decision="accepted")
        start = self.post(f"{at}start/", self.technician, id=str(uuid4()))["id"]
        for need in step.needs:
            for code in self.codes_for(batch, need):
                told = self.post(f"{at}scans/", self.technician, id=str(uuid4()), slot=need.code, code=code)
                assert told["fits"], told
        if step.is_checked_before_the_act:
            self.sign("step.check_before", start, self.checker)
        for field in step.fields:
            typed = clock.now().isoformat() if field.type is FieldType.TIME else self._typed(field)
            self.post(f"{at}values/", self.technician, id=str(uuid4()), field=field.code, typed=typed)
        for each in step.evidence:
            if each.required:
                self._file(at, each.code)
        if step.labels:
            self._labels(batch, [str(kind) for kind in step.labels])
        performed = self.sign("step.perform", start, self.technician)
        if step.witness:
            self.sign("step.witness", performed, self.second)
        self.clear_what_is_done(batch, step.code)

    def _typed(self, field: Field) -> str:
        return self.values.get(field.code) or ("yes" if field.type is FieldType.YES_NO else "as read")

    def _is_undecided(self, batch: Batch) -> bool:
        return self.get(f"batches/{batch.number}/bench/")["starting_material"]["decision"] is None

    def _file(self, at: str, evidence: str) -> None:
        upload = SimpleUploadedFile("curve.pdf", b"%PDF-1.4\n" + uuid4().bytes)
        kept = self.client(self.technician).post("/api/v1/files/", {"file": upload})
        assert kept.status_code == 201, kept.content
        self.post(f"{at}files/", self.technician, id=str(uuid4()), file=kept.json()["id"], evidence=evidence)

    def _labels(self, batch: Batch, kinds: list[str]) -> None:
        at = f"batches/{batch.number}/labels/"
        printed = self.post(at, self.technician, id=str(uuid4()), kinds=kinds)
        for label in printed["labels"]:
            sent = {"label_code": label["code"], "container_code": label["container"]}
            told = self.post(f"{at}applied/", self.technician, id=str(uuid4()), **sent)
            assert told["fits"], told
        self.sign("label.reconcile", printed["id"], self.second, kept="0")

    def clear(self, batch: Batch, area: Area, when: str, *, verified: bool = True, **intent: object) -> LineClearance:
        """An area cleared over HTTP for a batch or after it, and looked at by a second person."""
        points = points_of(master_of(batch))
        row = self.sign("area.clear", batch, self.technician, area=area.code, when=when, points=points, **intent)
        if verified:
            self.sign("area.verify_clearance", row, self.second)
        return LineClearance.objects.get(pk=row)


class FamilyOverHttp(OverHttp, FamilyWorld):
    """A batch of a family, with the values of its worked batch."""

    def __init__(self, family: str) -> None:
        FamilyWorld.__init__(self, family)
        self.values = self.plan.values


class CarTOverHttp(OverHttp):
    """A batch of the published product."""

    values = VALUES


def over_http(family: str) -> OverHttp:
    """Give the world in which a batch of a family is made over HTTP."""
    return CarTOverHttp() if family == "cd19-car-t" else FamilyOverHttp(family)
