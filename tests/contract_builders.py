"""A laboratory that sends samples away: samples with volumes, retained vials, a contract laboratory with its store."""

from copy import copy
from datetime import timedelta
from typing import Any

from accounts.models import Person
from accounts.wording import local
from batches.models import Definition
from chain_of_custody.models import Container, HandOverOffered, Party
from ledger import clock, files
from ledger.models import StoredFile
from ledger.writing import writing
from qc.models import ContractCertificate, ContractCertificateCompared
from tests.batches_builders import FILES
from tests.custody_builders import a_party, a_place, a_subject, stated
from tests.people import do
from tests.qc_builders import SHORT_MASTER, Laboratory

VIALS = '          - {kind: qc_vial, title: Final product, number: "2", sample_point: final_product}\n'
MASTER = SHORT_MASTER.replace(
    VIALS,
    VIALS.replace("}", ", volume_field: qc_vial_volume_ml}")
    + '          - {kind: retain_vial, title: Retained vial, number: "3"}\n',
).replace(
    "        fields:\n          - {code: bag_volume_ml",
    "        fields:\n          - {code: qc_vial_volume_ml, title: Volume of each vial, type: number, unit: mL, "
    'decimals: "1", low: "0.5"}\n          - {code: bag_volume_ml',
)
NEEDS = {
    "endotoxin": '{volume_ml: "0.5", containers: "1", container: qc_vial}',
    "sterility": '{volume_ml: "1.0", containers: "1"}',
}


def needing(source: str) -> str:
    """The specification with what two of its tests use up."""
    for line, need in NEEDS.items():
        source = source.replace(f"  - code: {line}\n", f"  - code: {line}\n    sample: {need}\n", 1)
    return source


class ContractWorld(Laboratory):
    """A laboratory with a contract laboratory beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.contract = a_party(Party.Kind.LABORATORY, by=self.logistics, name="Example Virology Laboratory")
        self.contract_store = a_place("VL-1", by=self.logistics, party=self.contract)

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the short master record has a retained vial, the specification states volumes."""
        if kind == "master" and not source:
            source = MASTER
        if kind == "specification" and not source:
            source = needing(FILES[kind].read_text(encoding="utf-8"))
        return super().defined(kind, source)

    def with_initials(self, initials: str) -> "ContractWorld":
        """The same world with the batch of another patient, who has these initials."""
        other = copy(self)
        other.coi = a_subject(by=self.logistics, initials=initials)
        other.batch = other.worked(other.issued())
        return other

    def offered_to_contract(self, *containers: Container) -> HandOverOffered:
        """Samples given up by the technician who took them, on their way to the contract laboratory."""
        row = do(
            "custody.offer", self.coi, by=self.technician, containers=[one.code for one in containers],
            taker=str(self.contract.pk), shipper="SH-207",
        )  # fmt: skip
        assert isinstance(row, HandOverOffered)
        return row

    def taken_by_contract(self, offer: HandOverOffered) -> None:
        """What was offered, taken over by the contract laboratory, as its receipt states."""
        happened = clock.now().isoformat()
        do(
            "custody.accept_attested", offer, by=self.analyst, place="VL-1", condition="frozen", happened_at=happened,
            **stated("N. Holm", "sample reception"),
        )  # fmt: skip

    def sent_to_contract(self, *containers: Container) -> None:
        """Samples that the contract laboratory has."""
        self.taken_by_contract(self.offered_to_contract(*containers))


def sent_away() -> ContractWorld:
    """A batch made twenty days ago whose samples were taken; the story goes on."""
    clock.tell(clock.machine_now() - timedelta(days=20))
    return ContractWorld()


MYCOPLASMA, STERILITY = "mycoplasma", "sterility"


class Certified:
    """What a certificate of the contract laboratory prints, as each of two people types it."""

    def __init__(self, world: ContractWorld, line: str = MYCOPLASMA, *, number: str = "EVL-2210") -> None:
        self.world, self.line = world, line
        self.sample = world.sample_for(line)
        self.file = a_file(world.analyst)
        self.printed: dict[str, Any] = {  # Any: as an intent is typed, here and below
            "number": number,
            "sample": self.sample.container.code,
            "tested_at": clock.now().isoformat(),
            "values": [{"member": line, "typed": "not_detected"}],
        }

    def entered(self, *, by: Person | None = None, **other: Any) -> ContractCertificate:
        """Typed by the first person."""
        asked = self.printed | {
            "line": self.line,
            "laboratory": str(self.world.contract.pk),
            "reported_on": local(clock.now()).date().isoformat(),
            "method": "NAT, in house 7",
            "verdict_printed": "complies",
            "evidence": str(self.file.pk),
        }
        row = do("contract_certificate.enter", self.world.fresh(), by=by or self.world.analyst, **(asked | other))
        assert isinstance(row, ContractCertificate)
        return row

    def compared(
        self, row: ContractCertificate, *, by: Person | None = None, **other: Any
    ) -> ContractCertificateCompared:
        """Typed by the second person."""
        done = do("contract_certificate.compare", row, by=by or self.world.other_analyst, **(self.printed | other))
        assert isinstance(done, ContractCertificateCompared)
        return done


def a_file(by: Person) -> StoredFile:
    """The scan of a certificate, stored here."""
    with writing():
        return files.keep(b"Certificate of analysis, as sent", name="certificate.txt", actor=by.reference)
