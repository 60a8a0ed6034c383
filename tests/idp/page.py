"""What a browser shows: the words, links and forms of a page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

import requests


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[list[str]] = []
        self.words: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(has.get("action", ""), has.get("method", "get").lower()))
        elif tag == "input" and self.forms and has.get("name"):
            self.forms[-1].fields[has["name"]] = has.get("value", "")
        elif tag == "a":
            self.links.append([has.get("href", ""), ""])
        if tag in ("a", "script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside[-1] != "a":
            return
        if self.inside:
            self.links[-1][1] += data
        self.words.append(data)


class Page:
    """The last answer; `hops` are all on the way to it, as (status, address)."""

    def __init__(self, response: requests.Response, hops: list[tuple[int, str]]) -> None:
        reader = _Reader()
        reader.feed(response.content.decode("utf-8"))
        self.url, self.status, self.hops = response.url, response.status_code, hops
        self.policy = response.headers.get("content-security-policy", "")
        self.forms = reader.forms
        self.links = [(href, " ".join(text.split())) for href, text in reader.links]
        self.text = " ".join(" ".join(reader.words).split())

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def form(self, wanted: str) -> Form:
        """The form with that action, or a field of that name."""
        for form in self.forms:
            if wanted in form.fields or form.action == wanted:
                return form
        raise LookupError(f"no form {wanted} on {self.status} {self.url}: {self.text[:300]}")

    def link(self, start: str) -> tuple[str, str]:
        """Address and text of the first link whose text, or address, begins so."""
        for href, text in self.links:
            if text.startswith(start) or href.startswith(start):
                return href, text
        raise LookupError(f"no link {start} on {self.status} {self.url}: {self.text[:300]}")
