"""The invented people, as the provider knows them."""

import html
import re
from dataclasses import dataclass

import requests

ATTRIBUTES = ("spidCode", "fiscalNumber", "name", "familyName", "dateOfBirth", "email")


@dataclass(frozen=True)
class Citizen:
    name: str
    family_name: str
    codice_fiscale: str

    @property
    def full_name(self) -> str:
        return f"{self.name} {self.family_name}"

    @property
    def born(self) -> str:
        """The date in the codice fiscale of somebody born in the last century."""
        code = self.codice_fiscale
        return f"19{code[6:8]}-{'ABCDEHLMPRST'.index(code[8]) + 1:02}-{int(code[9:11]) % 40:02}"

    def claims(self) -> dict[str, str]:
        """More than the site asks for: a provider gives it only what its metadata requests."""
        fiscal_number = f"TINIT-{self.codice_fiscale}"
        values = ("PROVA00001", fiscal_number, self.name, self.family_name, self.born, "nessuno@example.org")
        return dict(zip(ATTRIBUTES, values, strict=True))


def citizens(standins: str, *given_names: str) -> list[Citizen]:
    """Those people, from the stand-ins' front page."""
    page = html.unescape(requests.get(f"{standins}/", timeout=30).content.decode())
    found = []
    for given in given_names:
        person = re.search(rf"<strong>{given} ([^<]+)</strong><br><code>(\w{{16}})</code>", page)
        if not person:
            raise LookupError(f"no {given} at {standins}")
        found.append(Citizen(given, person[1], person[2]))
    return found
