"""Packages whose audit trail was reviewed, good and damaged, each with the exit code that FORMAT.md gives it.

site = read_through()                       # a site at which quality assurance read all that there was
reviewed(site, stated(site, "records", 9))  # one more review, of entry 9
forged = remade(site, 9, typed="99")        # entry 9 says something else, and all that follows is made anew
"""

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.package_builders import Files, Site, a_site, b64, canonical, repaired, rewritten, sha
from tests.package_cases import FOREIGN, Case, amina, quentin, without
from tests.second_verifier import INCOMPLETE, INVALID, QUALIFIED

RULES = "RBE-2"
ELSEWHERE = "batch/CT-26-9999"
LOT, EQUIPMENT = "lot/B-1", "equipment/CF-01"
SINGLY = frozenset({LOT, EQUIPMENT})
Statement = dict[str, Any]


def own(site: Site) -> str:
    return f"batch/{site.batch}"


def custody(site: Site) -> str:
    return f"coi/{site.coi}"


def seqs_of(site: Site, stream: str, *types: str) -> list[int]:
    """The entries of a stream, of some types."""
    return [one["seq"] for one in site.said if one["stream"] == stream and one["type"] in types]


def stated(site: Site, group: str, *seqs: int, after: int = 0, **other: Any) -> Statement:
    """What a review says of entries of one stream; or else, where something else is given."""
    said = site.said[seqs[-1] - 1]
    leaves = "\n".join(site.leaf(seq) for seq in seqs).encode()
    statement = {"group": group, "stream": said["stream"], "after": after, "upto": said["sseq"]}
    return statement | {"entries": len(seqs), "sha256": sha(leaves)} | other


def reviewed(site: Site, *statements: Any, rules: Any = RULES, stream: str = "") -> int:
    """A review, signed by Quentin; nothing that he signs here shows an entry of this batch as the head."""
    site.write(ELSEWHERE, "value.recorded", "batches.value", {"typed": "1"})
    fields = {"rules": rules, "groups": list(statements), "remark": ""}
    stream = stream or own(site)
    return site.write(stream, "audit_trail.reviewed", "qc.audittrailreviewed", fields, by=quentin(), meaning="reviewed")


def unread() -> Site:
    """A site with something in every group, of which nothing was read."""
    site = a_site()
    site.write(LOT, "lot.decided", "batches.lotdecision", {"outcome": "recalled"})
    site.write(LOT, "lot.opened", "batches.lotopened")
    site.write(f"person/{amina().id}", "person.roles_changed", "accounts.roleschanged", {"roles": ["qa"]})
    site.in_batch("value.corrected", "batches.value", {"typed": "-1.60", "reason": "misread"})
    again = {"type": "qc.dosedetermined", "id": "dose-2", "version": 2}
    site.in_batch("dose.determined", "qc.dosedetermined", {"cells": "2e8"}, id="dose-2", entry={"rec": again})
    site.in_batch("value.recorded", "batches.value", {"typed": "-1.60", "reason": None})
    site.in_batch("departure.raised", "batches.departure", {"says": "It stood too long."})
    site.write(custody(site), "custody.accepted", "chain_of_custody.handover", {"to": "the ward"})
    site.write(custody(site), "alarm.raised", "chain_of_custody.alarm")
    site.write(EQUIPMENT, "equipment.held", "batches.equipmentevent", {"kind": "held"})
    return site


def everything(site: Site) -> list[Statement]:
    """What an honest review of all that there is states."""
    batch, coi = own(site), custody(site)
    return [
        stated(site, "corrections", *seqs_of(site, batch, "value.corrected", "dose.determined")),
        stated(site, "departures", *seqs_of(site, batch, "departure.raised")),
        stated(site, "decisions", *seqs_of(site, batch, "batch.issued")),
        stated(site, "records", *seqs_of(site, batch, "value.recorded", "step.performed", "step.witnessed")),
        stated(site, "records", *seqs_of(site, coi, "collection.received")),
        stated(site, "custody", *seqs_of(site, coi, "custody.accepted")),
        *(stated(site, "rests_on", seq) for stream in (LOT, EQUIPMENT) for seq in standing(site, stream)),
        *(stated(site, "rests_on", seq) for seq in standing(site, f"person/{amina().id}")),
    ]


def standing(site: Site, stream: str) -> list[int]:
    return seqs_of(site, stream, "lot.decided", "equipment.held", "person.roles_changed")


def read_through() -> Site:
    """A site at which everything was read, and then something new, before the batch was looked at by anybody else."""
    site = unread()
    reviewed(site, *everything(site))
    upto = everything(site)[3]["upto"]
    fresh = site.in_batch("value.recorded", "batches.value", {"typed": "7.0"})
    reviewed(site, stated(site, "records", fresh, after=upto))
    site.checkpoint()
    return site


def files_of(site: Site, **how: Any) -> Files:
    return site.members(also=SINGLY, **how)


def with_review(*change: Callable[[Site, Statement], Any], group: int = 3, rules: Any = RULES) -> Files:
    """A package with one review of one group, stated as it is or otherwise, signed as stated."""
    site = unread()
    statement: Any = everything(site)[group]
    for one in change:
        statement = one(site, statement)
    reviewed(site, *(statement if isinstance(statement, list) else [statement]), rules=rules)
    site.checkpoint()
    return files_of(site)


def saying(**other: Any) -> Callable[[Site, Statement], Statement]:
    return lambda _site, statement: statement | other


def trails() -> Iterator[Case]:
    """Reviews that say what is here, or something else, and packages that lack what was read."""
    yield Case("whose trail was read to its end, twice", QUALIFIED, lambda: files_of(read_through()))
    good: dict[str, Callable[[], Files]] = {
        "names no stream where it is the batch's": lambda: with_review(_without_stream),
        "read by rules that nobody knows": lambda: with_review(saying(sha256="0" * 64), rules="RBE-999"),
        "read by rules that are no text": lambda: with_review(rules=7),
        "read by other rules what cannot be read": lambda: with_review(lambda *_: ["x"], rules="RBE-999"),
        "goes on behind one by other rules": _behind_unknown_rules,
        "is of another batch": lambda: _of_another_batch(),
        "speaks of another batch's stream, which is not here": lambda: with_review(saying(stream="batch/CT-26-7")),
    }
    for name, made in good.items():
        yield Case(f"a review that {name}", QUALIFIED, made)
    bad: dict[str, tuple[Callable[[Site, Statement], Any], int]] = {
        "states another digest": (saying(sha256="0" * 64), INVALID),
        "states an entry more": (lambda _, said: said | {"entries": said["entries"] + 1}, INVALID),
        "states an entry less": (lambda _, said: said | {"entries": said["entries"] - 1}, INVALID),
        "begins behind its beginning": (saying(after=1), INVALID),
        "ends before its end": (lambda _, said: said | {"upto": said["upto"] - 1}, INVALID),
        "ends behind its end, where another group is": (lambda _, said: said | {"upto": said["upto"] + 1}, INVALID),
        "ends behind all that there is": (saying(upto=2**52), INCOMPLETE),
        "ends where it begins": (saying(upto=0), INVALID),
        "is of an unknown group": (saying(group="remarks"), INVALID),
        "has a field more": (saying(more=1), INVALID),
        "has a field less": (lambda _, said: {k: v for k, v in said.items() if k != "entries"}, INVALID),
        "has a number that is none": (saying(entries="4"), INVALID),
        "is no statement": (lambda *_: ["x"], INVALID),
        "says the same twice": (lambda _, said: [said, said], INVALID),
        "covers a correction among the records": (_with_a_correction, INVALID),
    }
    for name, (change, code) in bad.items():
        yield Case(f"a review that {name}", code, functools.partial(with_review, change))
    yield Case("a review that covers what was written later", INVALID, _of_the_future)
    for stream in (custody, own, lambda _site: LOT, lambda _site: EQUIPMENT):
        site = read_through()
        last = seqs_of(site, stream(site), "custody.accepted", "departure.raised", "lot.decided", "equipment.held")[-1]
        yield Case(
            f"a package without what was read in {stream(site)}",
            INCOMPLETE,
            functools.partial(left_out, read_through, last),
        )
    yield Case("a stream of custody that ends before what was read", INCOMPLETE, cut_short)
    yield Case("what was read changed, all made anew, by a stranger", INVALID, lambda: changed_value(by_log=False))
    yield Case("what was read changed, all made anew, by the log", INVALID, lambda: changed_value(by_log=True))


def _without_stream(_site: Site, statement: Statement) -> Statement:
    return {name: value for name, value in statement.items() if name != "stream"}


def _of_the_future() -> Files:
    """A review of an entry that comes after it, whose digest was foretold."""
    site = unread()
    said = everything(site)[3]
    reviewed(site, said | {"upto": site.tips[own(site)][0] + 2, "entries": said["entries"] + 1})
    site.in_batch("value.recorded", "batches.value", {"typed": "5"})
    site.checkpoint()
    return files_of(site)


def _with_a_correction(site: Site, _statement: Statement) -> Statement:
    types = ("value.recorded", "step.performed", "step.witnessed", "value.corrected")
    return stated(site, "records", *seqs_of(site, own(site), *types))


def _behind_unknown_rules() -> Files:
    site = unread()
    records = seqs_of(site, own(site), "value.recorded", "step.performed", "step.witnessed")
    first = stated(site, "records", records[0])
    reviewed(site, first, rules="RBE-1")
    reviewed(site, stated(site, "records", *records[1:], after=first["upto"]))
    site.checkpoint()
    return files_of(site)


def _of_another_batch() -> Files:
    site = unread()
    reviewed(site, {"x": 1}, stream="batch/CT-26-7")
    site.checkpoint()
    return site.members(also=SINGLY | {"batch/CT-26-7"})


# Attacks


def left_out(made: Callable[[], Site], seq: int, *, shorter: bool = False) -> Files:
    """The package of a site without an entry and all about it, signed by the log; its stream said to be shorter."""
    site = made()
    files = without(files_of(site), f"proofs/{seq:09d}.tlog-proof")
    for name in ("entries.jsonl", "payloads.jsonl", "envelopes.jsonl"):
        files = rewritten(files, name, lambda lines: [one for one in lines if one["seq"] != seq])
    here = [json.loads(line)["seq"] for line in files["entries.jsonl"].splitlines()]
    ours = [one for one in here if site.said[one - 1]["stream"] in (own(site), custody(site))]
    files["record.json"], files["audit-trail.csv"] = site.as_data(ours)
    streams = json.loads(files["manifest.json"])["streams"]
    for one in streams if shorter else ():
        if one["name"] == site.said[seq - 1]["stream"]:
            newest = max(at for at in here if site.said[at - 1]["stream"] == one["name"])
            one |= {"entries": one["entries"] - 1, "last": site.leaf(newest)}
    return repaired(files, site.log_key, streams=streams)


def one_hand_over() -> Site:
    """A site whose stream of custody ends with a hand-over that was read."""
    site = a_site()
    accepted = site.write(custody(site), "custody.accepted", "chain_of_custody.handover", {"to": "the wrong ward"})
    reviewed(site, stated(site, "custody", accepted))
    site.checkpoint()
    return site


def cut_short() -> Files:
    """The log's owner leaves the last act of custody out, and signs that the stream ended before it."""
    return left_out(
        one_hand_over, seqs_of(one_hand_over(), custody(one_hand_over()), "custody.accepted")[0], shorter=True
    )


def late_value() -> tuple[Site, int]:
    """A site, and a value in it that one review covers; nothing signed shows it, or what follows it, as the head."""
    site = a_site()
    site.write(ELSEWHERE, "value.recorded", "batches.value", {"typed": "1"})
    seq = site.in_batch("value.recorded", "batches.value", {"typed": "99.9", "reason": None})
    reviewed(
        site, stated(site, "records", *seqs_of(site, own(site), "value.recorded", "step.performed", "step.witnessed"))
    )
    site.checkpoint()
    return site, seq


def changed_value(*, by_log: bool) -> Files:
    """A value that was read says something else; whoever did it made anew what their keys allow."""
    site, seq = late_value()
    forged = remade(site, seq, typed="9.9")
    size = max(site.checkpoints)
    if by_log:
        forged.checkpoints[size] = forged.log_keys[-1].note(f"{site.origin}\n{size}\n{b64(forged.root(size))}\n")
    return repaired(files_of(forged), site.log_key if by_log else FOREIGN)


def changed_review(**statement: Any) -> tuple[Files, int]:
    """The last review states something else; whoever did it has no key, and made all else anew."""
    site = read_through()
    seq = seqs_of(site, own(site), "audit_trail.reviewed")[-1]
    (said,) = json.loads(site.payloads[seq - 1][1])["fields"]["groups"]
    return repaired(files_of(remade(site, seq, groups=[said | statement])), FOREIGN), seq


def remade(site: Site, seq: int, **fields: Any) -> Site:
    """A site of which one entry states other fields; every later entry follows from it, no signature is made anew."""
    other = dataclasses.replace(
        site, entries=list(site.entries), said=list(site.said), payloads=list(site.payloads), hashes={},
        checkpoints=dict(site.checkpoints),
    )  # fmt: skip
    salt, raw = site.payloads[seq - 1]
    payload = json.loads(raw)
    payload["fields"] |= fields
    other.payloads[seq - 1] = salt, canonical(payload)
    tips: dict[str, int] = {}
    for at, said in enumerate(site.said, 1):
        if at >= seq:
            content = said | {"prev": other.leaf(at - 1), "sprev": other.leaf(tips.get(said["stream"], 0))}
            if at == seq:
                content["commit"] = sha(b"\x02" + salt + other.payloads[at - 1][1])
            other.said[at - 1], other.entries[at - 1] = content, canonical(content)
        tips[said["stream"]] = at
    return other
