"""ISBT 128 codes as a scanner sends them and as a person types or reads them.

- A donation identification number (DIN) is 13 characters: facility, two digits of the year, six digits.
  Typed by hand it must carry its check character; scanned, a flag of 60 to 96 repeats it and must agree.
- A chain of identity is 15 characters: "CH", facility, two digits of the year, six letters or digits.
  Its form has no check character.
- A code of a kind that is read here but badly formed is an error; a code of any other kind is `Unrecognised`.

Only the structures are read. Facilities and product descriptions are ISBT 128 databases under licence:
a site that is registered loads its own.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_NO_O = "A-NP-Z"  # the letter O is left out of facility numbers, where it would be taken for zero

_FIN = re.compile(rf"[{_NO_O}1-9][{_NO_O}0-9]{{2}}[0-9]{{2}}")
_DIN = re.compile(rf"({_FIN.pattern})([0-9]{{2}})([0-9]{{6}})")
_SCANNED_DIN = re.compile(r"=(.{13})([0-9]{2})", re.DOTALL)
_CHAIN = re.compile(rf"CH({_FIN.pattern})([0-9]{{2}})([A-Z0-9]{{6}})")
_PRODUCT = re.compile(r"([A-Z][A-Z0-9]{4})([A-Za-z0-9])([A-Za-z0-9]{2})")
_EXPIRY = re.compile(r"0([0-9]{2})([0-9]{3})([0-9]{2})([0-9]{2})")
_EXPIRY_DAY = re.compile(r"0([0-9]{2})([0-9]{3})")
_LOT = re.compile(r"[A-Z0-9]{18}")

LOWEST_CHECK_FLAG, HIGHEST_CHECK_FLAG = 60, 96


class Isbt128Error(ValueError):
    """A code claims to be ISBT 128 and is not; the message says what is wrong and what to do."""


class MalformedError(Isbt128Error):
    """The characters do not follow the form of their kind."""


class CheckCharacterMissingError(Isbt128Error):
    """A donation number was typed without its check character."""


class CheckCharacterWrongError(Isbt128Error):
    """The check character, or the flag that repeats it, belongs to another number."""


class FlagUse(Enum):
    """What the two flag characters behind a scanned donation number say."""

    NONE = "no flag"
    CONTAINER_OF_SET = "container of a set"
    REPEATED_LABEL = "repeated label"
    TUBE = "pilot or test tube"
    DONOR_RECORD = "donor record"
    TEST_SAMPLE = "sample for tests"
    MATCH_WITH_UNIT = "match with unit"
    LOCAL = "local use"
    CHECK = "check character"
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True)
class Din:
    """A donation identification number; the flag of its label is no part of it."""

    facility: str
    year: str
    serial: str
    flag: str = field(default="00", compare=False)

    @property
    def code(self) -> str:
        return f"{self.facility}{self.year}{self.serial}"

    @property
    def check_character(self) -> str:
        """The character printed in a box beside the number."""
        return check_character(self.code)

    @property
    def flag_use(self) -> FlagUse:
        return flag_use(self.flag)

    @property
    def for_the_eye(self) -> str:
        return f"{self.facility} {self.year} {self.serial}"

    @property
    def for_the_eye_with_check(self) -> str:
        """The number with its check character in brackets, for places that cannot draw a box."""
        return f"{self.for_the_eye} [{self.check_character}]"

    @property
    def for_the_scanner(self) -> str:
        """What a label encodes, the check repeated as a flag."""
        return f"={self.code}{LOWEST_CHECK_FLAG + checksum(self.code)}"

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class ChainOfIdentity:
    """The identifier that joins one patient's cells and documents from collection to infusion."""

    facility: str
    year: str
    serial: str

    @property
    def code(self) -> str:
        return f"CH{self.facility}{self.year}{self.serial}"

    @property
    def for_the_eye(self) -> str:
        return f"CH{self.facility} {self.year} {self.serial}"

    @property
    def for_the_scanner(self) -> str:
        return f"&/{self.code}"

    def __str__(self) -> str:
        return self.code


COLLECTION_TYPES = {
    "0": "not specified",
    "1": "autologous use only",
    "2": "directed recipient only",
    "3": "directed recipient only, biohazard",
    "4": "designated",
    "5": "dedicated",
    "7": "allogeneic use",
    "8": "autologous use, contains allogeneic material",
    "A": "autologous, may cross over",
    "X": "autologous use only, biohazard",
}


@dataclass(frozen=True, slots=True)
class ProductCode:
    """A product description code with the kind of collection and the division."""

    description: str
    collection_type: str
    division: str

    @property
    def code(self) -> str:
        return f"{self.description}{self.collection_type}{self.division}"

    @property
    def collection(self) -> str | None:
        """The kind of collection in words, where it is one of the known kinds."""
        return COLLECTION_TYPES.get(self.collection_type)

    @property
    def for_the_scanner(self) -> str:
        return f"=<{self.code}"


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last day and minute of use, on the clock of the place that labelled the product."""

    day: date
    minute: time

    def at(self, zone: tzinfo) -> datetime:
        """The instant in UTC; of an hour that comes twice, the earlier one."""
        return datetime.combine(self.day, self.minute, tzinfo=zone).astimezone(UTC)

    @property
    def for_the_scanner(self) -> str:
        return f"&>0{self.day:%y%j}{self.minute:%H%M}"


@dataclass(frozen=True, slots=True)
class Lot:
    """The lot number of a medical product of human origin: 18 characters, zeros before what the site calls it."""

    code: str

    @property
    def number(self) -> str:
        """The number without the zeros before it."""
        return self.code.lstrip("0")

    @property
    def for_the_scanner(self) -> str:
        return f"&,1{self.code}"


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A code of another kind, kept as it was read."""

    raw: str


Scanned = Din | ChainOfIdentity | ProductCode | Expiry | Lot | Unrecognised


def parse(raw: str) -> Scanned:
    """What the scanned characters say, by the data identifier they begin with."""
    identifier, body = raw[:2], raw[2:]
    if identifier == "=<":
        return _product_code(body)
    if identifier in ("&>", "=>"):
        return _expiry(identifier, body)
    if identifier == "&/":
        return _chain_of_identity(body)
    if raw.startswith("&,1"):
        return _lot(raw[3:])
    if raw.startswith("=") and raw[1:2].isalnum():
        return _scanned_din(raw)
    return Unrecognised(raw)


def din(code: str) -> Din:
    """The donation number that these 13 characters are, as they are stored."""
    found = _DIN.fullmatch(code)
    if found is None:
        raise MalformedError(
            "This isn't a donation number. It has 13 characters, like A9999 26 004217: "
            "facility, year, six digits, and never the letter O in the facility."
        )
    return Din(*found.groups())


def din_from_keyboard(text: str) -> Din:
    """The donation number that was typed, proven by the check character typed behind it."""
    typed = _capitals(re.sub(r"[ \[\]]", "", text))
    if len(typed) == 13:
        din(typed)
        raise CheckCharacterMissingError("Type the check character too. It stands in a box behind the donation number.")
    number = din(typed[:13])
    if len(typed) != 14:
        raise MalformedError("Type the 13 characters of the donation number and its check character.")
    if typed[13] != number.check_character:
        raise CheckCharacterWrongError(
            "The check character doesn't belong to this donation number. Compare each character with the label."
        )
    return number


def chain_of_identity(text: str) -> ChainOfIdentity:
    """The chain of identity that was typed or stored, with or without its spaces."""
    return _chain_of_identity(_capitals(text.replace(" ", "")))


def new_chain_of_identity(facility: str, year: int, serial: str) -> ChainOfIdentity:
    """A chain of identity issued by this facility; `year` in full, `serial` six letters or digits."""
    if not 2000 <= year <= 2099:
        raise MalformedError("The year of a chain of identity lies between 2000 and 2099.")
    return _chain_of_identity(f"CH{facility}{year % 100:02d}{serial}")


def expiry_at(moment: datetime) -> Expiry:
    """The last minute of use that a moment names, on its own clock."""
    if not 2000 <= moment.year <= 2099:
        raise MalformedError("An expiry on a label lies between 2000 and 2099.")
    return Expiry(moment.date(), time(moment.hour, moment.minute))


def lot_of(number: str) -> Lot:
    """The lot number that a batch number gives: its letters and digits alone, filled up with zeros from the left."""
    plain = "".join(sign for sign in _capitals(number) if sign in _ALPHABET and sign != "*")
    return _lot(plain.rjust(18, "0"))


def product_code(description: str, collection_type: str, division: str) -> ProductCode:
    """The product code of a container: description, kind of collection, division."""
    return _product_code(f"{description}{collection_type}{division}")


def checksum(text: str) -> int:
    """The ISO/IEC 7064 MOD 37-2 checksum, 0 to 36.

        s = 0;  for each value v from the left:  s = (s + v) · 2 mod 37;  checksum = (38 - s) mod 37

    Values: 0 to 9 as they are, A to Z as 10 to 35.
    """
    total = 0
    for character in text:
        value = _ALPHABET.find(character)
        if value < 0 or character == "*":
            raise MalformedError("A check character is made from capital letters and digits alone.")
        total = (total + value) * 2 % 37
    return (38 - total) % 37


def check_character(text: str) -> str:
    """The checksum as the character a person types; 36 is the asterisk."""
    return _ALPHABET[checksum(text)]


def flag_use(flag: str) -> FlagUse:
    """What these two flag digits are used for."""
    number = int(flag)
    for use, numbers in _FLAG_USES:
        if number in numbers:
            return use
    return FlagUse.RESERVED


_FLAG_USES = (
    (FlagUse.NONE, range(1)),
    (FlagUse.CONTAINER_OF_SET, range(1, 5)),
    (FlagUse.REPEATED_LABEL, range(5, 6)),
    (FlagUse.TUBE, range(6, 8)),
    (FlagUse.DONOR_RECORD, range(8, 9)),
    (FlagUse.TEST_SAMPLE, range(9, 11)),
    (FlagUse.MATCH_WITH_UNIT, range(11, 12)),
    (FlagUse.CONTAINER_OF_SET, range(15, 20)),
    (FlagUse.LOCAL, range(20, 60)),
    (FlagUse.CHECK, range(LOWEST_CHECK_FLAG, HIGHEST_CHECK_FLAG + 1)),
)


def _capitals(text: str) -> str:
    # Outside ASCII several letters turn into a plain capital, and a number that was never typed would appear.
    return text.upper() if text.isascii() else text


def _scanned_din(raw: str) -> Din:
    parts = _SCANNED_DIN.fullmatch(raw)
    if parts is None:
        raise MalformedError(
            "This donation number was not read whole. It has 13 characters and two flag digits. Scan again."
        )
    number, flag = din(parts.group(1)), parts.group(2)
    if flag_use(flag) is FlagUse.CHECK and int(flag) - LOWEST_CHECK_FLAG != checksum(number.code):
        raise CheckCharacterWrongError(
            "The check in this label doesn't belong to its donation number. Scan it again; "
            "if it stays so, the label is damaged or wrong."
        )
    return Din(number.facility, number.year, number.serial, flag)


def _chain_of_identity(code: str) -> ChainOfIdentity:
    found = _CHAIN.fullmatch(code)
    if found is None:
        raise MalformedError(
            "This isn't a chain of identity. It has 15 characters, like CHA9999 26 7F3K92: "
            "CH, facility, year, six letters or digits."
        )
    return ChainOfIdentity(*found.groups())


def _product_code(body: str) -> ProductCode:
    found = _PRODUCT.fullmatch(body)
    if found is None:
        raise MalformedError("This product code was not read whole: it has 8 characters. Scan it again.")
    return ProductCode(*found.groups())


def _lot(body: str) -> Lot:
    if _LOT.fullmatch(body) is None or not body.strip("0"):
        raise MalformedError("This lot number was not read whole: it has 18 letters and digits. Scan it again.")
    return Lot(body)


def _expiry(identifier: str, body: str) -> Expiry:
    whole_day = identifier == "=>"
    found = (_EXPIRY_DAY if whole_day else _EXPIRY).fullmatch(body)
    if found is None:
        raise MalformedError("This expiry date was not read whole, or lies outside 2000 to 2099. Scan it again.")
    year, day_of_year = 2000 + int(found.group(1)), int(found.group(2))
    first = date(year, 1, 1)
    if day_of_year < 1 or (day := first + timedelta(days=day_of_year - 1)).year != year:
        raise MalformedError(f"Day {day_of_year} doesn't exist in {year}. The label is wrong.")
    hour, minute = (23, 59) if whole_day else (int(found.group(3)), int(found.group(4)))
    if hour > 23 or minute > 59:
        raise MalformedError(f"{hour:02d}:{minute:02d} is no time of day. The label is wrong.")
    return Expiry(day, time(hour, minute))
