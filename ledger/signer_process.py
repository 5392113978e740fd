"""`python -m ledger.signer_process`: holds the log's key in a process of its own, with no way to the database.

It is run as another user than web and workers, with a folder that only it can read; they reach it through a socket.
One line of JSON is a request, one the answer; what it refuses it says in `refused`. It imports no framework.
"""

import argparse
import base64
import json
import logging
import os
import signal
import socketserver
import threading
from pathlib import Path
from typing import Any

from ledger.log_key import LogKeyFacts, LogKeyHolder, SignerRefused, head_of_line, line_of

LONGEST_REQUEST = 1024 * 1024
Plain = dict[str, Any]  # Any: plain values of a line of JSON
logger = logging.getLogger(__name__)


def answer_to(holder: LogKeyHolder, request: Plain) -> Plain:
    """Do what one request asks and give the answer; raise SignerRefused for what is not done."""
    match request.get("do"):
        case "keys":
            return {"keys": [_key(one) for one in holder.every_key()]}
        case "head":
            head = holder.head(str(request["origin"]))
            return {"head": line_of(head) if head else None}
        case "heads":
            return {"heads": [line_of(one) for one in holder.heads()]}
        case "sign_head":
            continues = head_of_line(request["continues"]) if request["continues"] else None
            proof = [base64.b64decode(one, validate=True) for one in request["proof"]]
            return {"note": holder.sign_head(head_of_line(request["head"]), continues=continues, proof=proof)}
        case "sign_statement":
            payload = base64.b64decode(request["payload"], validate=True)
            key_id, signature = holder.sign_statement(str(request["kind"]), payload)
            return {"key": key_id, "signature": base64.b64encode(signature).decode("ascii")}
        case "rotate":
            return {"key": _key(holder.rotate(at=str(request["at"])))}
    raise SignerRefused("The signer does not know this request.")


def _key(facts: LogKeyFacts) -> Plain:
    return {"name": facts.name, "public": facts.public.hex(), "rotation": facts.rotation}


class OneRequest(socketserver.StreamRequestHandler):
    """Reads one line, answers one line."""

    timeout = 10

    def handle(self) -> None:
        holder: LogKeyHolder = self.server.holder  # type: ignore[attr-defined]  # set where the server is made
        try:
            request = json.loads(self.rfile.readline(LONGEST_REQUEST))
            answer = answer_to(holder, request)
        except SignerRefused as refused:
            logger.warning("Refused: %s", refused)
            answer = {"refused": str(refused)}
        except (ValueError, KeyError, TypeError, AttributeError):
            answer = {"refused": "The request cannot be read."}
        self.wfile.write(json.dumps(answer).encode("ascii") + b"\n")


class Server(socketserver.ThreadingUnixStreamServer):
    """The socket, and the one holder behind it."""

    daemon_threads = True

    def __init__(self, path: Path, holder: LogKeyHolder) -> None:
        path.unlink(missing_ok=True)
        super().__init__(str(path), OneRequest)
        path.chmod(0o660)
        self.holder = holder


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="Hold the log's key and sign heads that continue what was signed.")
    parser.add_argument("--name", required=True, help="the site's origin without its scheme")
    parser.add_argument("--folder", type=Path, required=True, help="where keys and signed heads are kept")
    parser.add_argument("--socket", type=Path, required=True, help="where web and workers ask")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    os.umask(0o077)
    holder = LogKeyHolder(options.folder, name=options.name)
    server = Server(options.socket, holder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    logger.info("Signing for %s with key %s", options.name, holder.every_key()[-1].key_id)
    server.serve_forever(poll_interval=0.2)
    options.socket.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
