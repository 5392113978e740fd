"""`./dev found`: begin a site with its two administrators. Done once; the first entries of the ledger say it for ever.

Asked at the terminal by default. What is given as an option is not asked; passwords are read from files or typed
unseen, never given as an option, because a command line is visible to others and kept in a history.
"""

import getpass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework import serializers

from accounts.admission import Founder, SiteFacts, found
from accounts.parsing import DayField, StrictSerializer, TextField, parsed
from accounts.people_acts import USERNAME
from accounts.refusal import Refused
from ledger.models import Site

FACTS = {
    "name": "Name of the site",
    "address": "Address",
    "licence": "Number of the manufacturing licence (may be empty)",
    "facility": "Facility identification number of ISBT 128, such as A9999",
}
PERSON = {
    "username": "User ID",
    "name": "Full name",
    "identity-document": "Which identity document was seen (without its number)",
    "identity-checked-on": "Day on which it was seen (2026-11-14)",
}
ORDER = ("first", "second")


class FactsShape(StrictSerializer[dict[str, Any]]):  # Any: as read
    """What a site is."""

    name = TextField(max_length=120)
    address = TextField(max_length=240)
    licence = TextField(max_length=120, required=False, default="")
    facility = serializers.RegexField(r"^[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2}\Z")


class FounderShape(StrictSerializer[dict[str, Any]]):  # Any: as read
    """One of the two administrators."""

    username = serializers.RegexField(USERNAME)
    name = TextField(max_length=120)
    identity_document = TextField(max_length=200)
    identity_checked_on = DayField()


class Command(BaseCommand):
    help = "Begin this site with its two administrators (once)."

    def add_arguments(self, parser: CommandParser) -> None:
        for fact, words in FACTS.items():
            parser.add_argument(f"--{fact}", help=words)
        for which in ORDER:
            for fact, words in PERSON.items():
                parser.add_argument(f"--{which}-{fact}", help=f"{which} administrator: {words}")
            parser.add_argument(f"--{which}-secret-file", help=f"{which} administrator: file with the password")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        if Site.objects.exists():
            raise CommandError("This site was founded already.")
        try:
            facts = parsed(FactsShape, {fact: self._asked(options, fact, words) for fact, words in FACTS.items()})
            founders = [self._founder(options, which) for which in ORDER]
            site = found(SiteFacts(**facts), founders=founders)
        except Refused as refused:
            lines = [f"{one.field}: {one.says}" if one.field else one.says for one in refused.objections]
            raise CommandError("Nothing was founded.\n" + "\n".join(lines)) from None
        kind = "training site, for ever" if site.training else "plant"
        self.stdout.write(f"Founded: {site.name}, {settings.LEDGER_ORIGIN}, a {kind}.")
        self.stdout.write("Both administrators sign in and accept the signature policy first.")

    def _founder(self, options: dict[str, Any], which: str) -> Founder:  # Any: the command's options
        self.stdout.write(f"The {which} administrator:")
        told = {
            fact.replace("-", "_"): self._asked(options, f"{which}-{fact}", words) for fact, words in PERSON.items()
        }
        read = parsed(FounderShape, told)
        return Founder(
            username=read["username"],
            name=read["name"],
            identity_document=read["identity_document"],
            identity_checked_on=read["identity_checked_on"],
            secret=self._secret(options.get(f"{which}_secret_file")),
        )

    def _asked(self, options: dict[str, Any], option: str, words: str) -> str:  # Any: the command's options
        given: str | None = options.get(option.replace("-", "_"))
        return given if given is not None else input(f"  {words}: ").strip()

    def _secret(self, file: str | None) -> str:
        if file:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        secret = getpass.getpass("  Password (at least 15 characters): ")
        if secret != getpass.getpass("  The same password again: "):
            raise Refused("The two passwords differ.")
        return secret
