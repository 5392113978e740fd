"""Several people, or processes, that act at the same moment, each with a connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections

from accounts.refusal import Refused

PATIENCE_SECONDS = 120


def answers_of(*attempts: Callable[[], object]) -> list[object]:
    """What each attempt gave, or the error it raised, in their order; all begin at the same moment."""
    together = threading.Barrier(len(attempts))

    def answer_of(attempt: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            together.wait(PATIENCE_SECONDS)
            return attempt()
        except Exception as error:  # whatever happens must reach the test
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(attempts)) as threads:
        return list(threads.map(answer_of, attempts, timeout=PATIENCE_SECONDS))


def at_once(*attempts: Callable[[], object]) -> list[str]:
    """What came of attempts at the same moment, sorted: done, or the code of the first reason against each."""
    return sorted(_outcome(answer) for answer in answers_of(*attempts))


def errors(answers: list[object]) -> list[Exception]:
    """Those answers that are errors."""
    return [answer for answer in answers if isinstance(answer, Exception)]


def _outcome(answer: object) -> str:
    if isinstance(answer, Refused):
        return answer.objections[0].code
    if isinstance(answer, Exception):
        raise answer
    return "done"
