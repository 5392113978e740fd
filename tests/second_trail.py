"""Section 14 of FORMAT.md, as the second verifier reads it: the reviews of the audit trail.

Written from FORMAT.md alone, and so near to it that the groups are read from the page itself.
"""

import re
from pathlib import Path

from tests.second_reader import Reader
from tests.strict_words import HEX, NAME, Json, WrongError, here, must, sha256, shaped

PAGE = Path(__file__).parent.parent / "reports" / "package" / "FORMAT.md"
STATEMENT = {"group": NAME, "stream": NAME, "after": int, "upto": int, "entries": int, "sha256": HEX}
AGAIN = ("dose.determined", "step.performed", "yield.verified")
KINDS = ("person/", "master/", "lot/", "equipment/")


def lists_of(rules: str) -> dict[str, list[str]]:
    """The groups and lists of a version of the rules, each with its types; none for rules that are not on the page."""
    _, known, rest = PAGE.read_text(encoding="utf-8").partition(f"Under the rules `{rules}`")
    lists: dict[str, list[str]] = {}
    for line in rest.partition("\n\n")[2].partition("\n\n")[0].split("\n") if known else ():
        name = re.fullmatch(r"    (\S.*)", line)
        if name:
            lists[name[1]] = []
        else:
            lists[list(lists)[-1]] += line.split()
    return lists


class TrailReader(Reader):
    """What is read of one package, with the reviews of its audit trail."""

    def trail_reviews(self) -> None:
        """Section 14: each statement of each review, in their order."""
        stated: dict[tuple[str, str], int] = {}
        for seq, fields in self.of_type("qc.audittrailreviewed"):
            if self.entries[seq]["stream"] != self.own[0]:
                continue
            with self.about(f"review {seq}"):
                lists = lists_of(str(fields.get("rules")))
                said = self.statements_in(fields.get("groups"), must_be_read=bool(lists))
                for one in said:
                    place = one["stream"], one["group"]
                    before = stated.get(place, 0)
                    stated[place] = max(before, one["upto"])
                    with self.about(f"review {seq}, {one['group']} in {one['stream']}"):
                        if lists:
                            must(one["after"] == before < one["upto"], "it does not go on where the last one ended")
                            self.trail_statement(seq, one, lists)

    def statements_in(self, groups: Json, *, must_be_read: bool) -> list[dict[str, Json]]:
        """The statements of a review; none where it is of unknown rules and cannot be read."""
        try:
            said = [{"stream": self.own[0]} | one for one in groups]
            shaped(said, [STATEMENT], "statements")
        except (TypeError, WrongError):
            must(not must_be_read, "its statements cannot be read")
            return []
        return said

    def trail_statement(self, seq: int, said: dict[str, Json], lists: dict[str, list[str]]) -> None:
        """Section 14: one statement."""
        groups = {name for name in lists if " " not in name} | {"records"}
        must(said["group"] in groups, "there is no such group")
        within = {
            number: entry
            for number, entry in self.entries.items()
            if entry["stream"] == said["stream"] and said["after"] < entry["sseq"] <= said["upto"]
        }
        covered = [number for number, entry in within.items() if self.is_covered(entry, said["group"], lists)]
        if said["stream"] in (*self.own, *self.streams):
            here(len(within) == said["upto"] - said["after"], "an entry is missing")
        elif len(covered) < said["entries"]:
            here(not said["stream"].startswith(KINDS), "an entry is missing")
            return
        must(covered and max(covered) < seq, "it covers nothing, or what was written later")
        must(len(covered) == said["entries"], "another number of entries")
        must(self.entries[covered[-1]]["sseq"] == said["upto"], "it ends elsewhere")
        must(sha256("\n".join(self.leaves[one] for one in covered).encode()) == said["sha256"], "another digest")

    def is_covered(self, entry: dict[str, Json], group: str, lists: dict[str, list[str]]) -> bool:
        """Whether an entry is read in a group."""
        kind, stream = entry["type"], entry["stream"]
        own = [name for name, types in lists.items() if " " not in name and kind in types] or ["records"]
        if kind in AGAIN and entry["rec"]["version"] > 1:
            own = ["corrections"]
        if own != [group]:
            return False
        if stream in self.own:
            of = ("not read of the batch's stream", "not read of the stream of its chain of identity")
            return kind not in lists[of[self.own.index(stream)]]
        first = min(number for number, one in self.entries.items() if one["stream"] == self.own[0])
        return group == "rests_on" and entry["seq"] > first
