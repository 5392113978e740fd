"""Where the log's key is held: in a process of its own behind a socket, or in this process.

(1) `CELLWRIGHT_SIGNER` names the socket of a separate signer (`python -m ledger.signer_process`), which has no way to
    the database. That is how a plant runs.
(2) Without it the key lies in the data folder and this process signs. The rule is the same and the separation weaker;
    every report says which of the two it is.
(3) Asking the signer waits on a local socket for a few seconds at most, and never inside a transaction.
"""

import base64
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from ledger.log_key import LogKeyFacts, LogKeyHolder, SignerRefused, head_of_line, line_of
from ledger.notes import SignedHead

LONGEST_ANSWER = 4 * 1024 * 1024


class SignerAwayError(RuntimeError):
    """The separate signer does not answer; what needs it waits."""


class Signer(Protocol):
    """What the ledger asks of whoever holds the log's key."""

    @property
    def is_separate(self) -> bool:
        """Tell whether the key lies out of this process's reach."""

    def every_key(self) -> list[LogKeyFacts]:
        """Give every key of the log, the oldest first."""

    def head(self, origin: str) -> SignedHead | None:
        """Give the newest head that was signed for an origin."""

    def heads(self) -> list[SignedHead]:
        """Give every head that was signed."""

    def sign_head(self, head: SignedHead, *, continues: SignedHead | None, proof: Sequence[bytes]) -> str:
        """Give the signed note of a head that continues what was signed before; raise SignerRefused otherwise."""

    def sign_statement(self, kind: str, payload: bytes) -> tuple[str, bytes]:
        """Give the key's id and its signature over the DSSE form of a statement."""

    def rotate(self, *, at: str) -> LogKeyFacts:
        """Replace the log's key."""


class SignerInProcess(LogKeyHolder):
    """The signer of a site that has no separate one."""

    is_separate = False


@dataclass(frozen=True, slots=True)
class SignerBehindSocket:
    """The separate signer, asked line by line."""

    path: str
    is_separate: bool = True

    def every_key(self) -> list[LogKeyFacts]:
        return [
            LogKeyFacts(str(one["name"]), bytes.fromhex(str(one["public"])), str(one["rotation"]))
            for one in self._asked({"do": "keys"})["keys"]
        ]

    def head(self, origin: str) -> SignedHead | None:
        found = self._asked({"do": "head", "origin": origin})["head"]
        return head_of_line(found) if found else None

    def heads(self) -> list[SignedHead]:
        return [head_of_line(one) for one in self._asked({"do": "heads"})["heads"]]

    def sign_head(self, head: SignedHead, *, continues: SignedHead | None, proof: Sequence[bytes]) -> str:
        asked = {
            "do": "sign_head",
            "head": line_of(head),
            "continues": line_of(continues) if continues else None,
            "proof": [base64.b64encode(one).decode("ascii") for one in proof],
        }
        return str(self._asked(asked)["note"])

    def sign_statement(self, kind: str, payload: bytes) -> tuple[str, bytes]:
        asked = {"do": "sign_statement", "kind": kind, "payload": base64.b64encode(payload).decode("ascii")}
        answer = self._asked(asked)
        return str(answer["key"]), base64.b64decode(answer["signature"])

    def rotate(self, *, at: str) -> LogKeyFacts:
        one = self._asked({"do": "rotate", "at": at})["key"]
        return LogKeyFacts(str(one["name"]), bytes.fromhex(str(one["public"])), str(one["rotation"]))

    def _asked(self, request: Mapping[str, object]) -> dict:  # type: ignore[type-arg]  # plain JSON of our own process
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(settings.SIGNER_TIMEOUT_SECONDS)
                line.connect(self.path)
                line.sendall(json.dumps(request).encode("ascii") + b"\n")
                with line.makefile("rb") as answers:
                    answer = json.loads(answers.readline(LONGEST_ANSWER))
        except (OSError, ValueError) as error:
            raise SignerAwayError(f"The signer does not answer: {error}") from error
        if "refused" in answer:
            raise SignerRefused(str(answer["refused"]))
        found: dict[str, object] = answer
        return found


def signer() -> Signer:
    """Give the signer that this site is set up with."""
    if settings.SIGNER_SOCKET:
        return SignerBehindSocket(settings.SIGNER_SOCKET)
    return SignerInProcess(Path(settings.SIGNER_DIR), name=settings.LEDGER_ORIGIN)
