"""What a person does: in by the provider, out by the site or by the provider (SPID-A11, SPID-R16, SPID-O1 to O4, SPID-T)."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from browser import Browser
from checks import check, equal, step
from citizens import Citizen
from configuration import NAME, Answer
from page import Page
from provider import STATE, KeptSession, Provider
from server import ProviderSite

SESSION = "__Host-fascicolo"


@dataclass
class World:
    secure: str
    authority: str
    log: Path
    binding: str
    provider: Provider
    stranger: Provider
    at: ProviderSite
    read: int = 0

    def visitor(self) -> Browser:
        return Browser(self.authority)

    def reason(self) -> str | None:
        """The last rule in the site's log since this was asked before; a page never says it."""
        text = self.log.read_text(errors="replace")
        fresh, self.read = text[self.read :], len(text)
        rules = re.findall(r'refused.*\b(?:rule|cause)="?(\w+)', fresh)
        return rules[-1] if rules else None

    def ask(self, browser: Browser) -> Page:
        """From the site's login page to its request: a form not yet sent, or what the provider says to it."""
        choice = browser.open(f"{self.secure}/accesso")
        address, _ = choice.link(f"/accesso/spid?idp={quote(self.provider.entity_id, safe='')}")
        return browser.open(address, choice)

    def start(self, browser: Browser) -> Page:
        """From the site's login page to the provider's answer, a form not yet sent."""
        page = self.hand_over(browser, self.ask(browser))
        if page.status != 200:
            raise AssertionError(f"the provider: {page.text}")
        return page

    def hand_over(self, browser: Browser, page: Page) -> Page:
        """With POST the site's message is in a form that sends itself."""
        return browser.submit(page, page.form("SAMLRequest")) if self.binding == "post" else page

    def login(self, browser: Browser, citizen: Citizen, how: Answer = Answer()) -> Page:
        """The page after the answer; the provider keeps the session."""

        def answer(request: object) -> tuple[str, str]:
            place, response, self.at.session = self.provider.answer(request, citizen, how)
            return place, response

        self.at.answer = answer
        page = self.start(browser)
        return browser.submit(page, page.form("SAMLResponse"))

    def leave(self, browser: Browser) -> Page:
        page = browser.open(f"{self.secure}/fascicolo")
        return browser.submit(page, page.form("/esci"))

    def carry(self, browser: Browser, by: str) -> Page:
        """The browser, at the provider, carries its request to the site, and the site's answer back."""
        page = browser.open(f"{self.provider.base}/fine")
        if by == "post":
            page = browser.submit(page, page.form("SAMLRequest"))
            if any("SAMLResponse" in form.fields for form in page.forms):
                page = browser.submit(page, page.form("SAMLResponse"))
        return page

    def inside(self, browser: Browser, citizen: Citizen) -> bool:
        page = browser.open(f"{self.secure}/fascicolo")
        return (page.status, page.path) == (200, "/fascicolo") and citizen.full_name in page.text

    def outside(self, browser: Browser) -> bool:
        page = browser.open(f"{self.secure}/fascicolo")
        return (page.status, page.path) == (200, "/accesso")


def enter(world: World, name: str, citizen: Citizen, how: Answer) -> Browser:
    browser = world.visitor()
    world.at.seen.clear()
    with step(f"{name}: in"):
        check(f"{name}: nobody yet", world.outside(browser))
        page = world.login(browser, citizen, how)
        equal(f"{name}: the provider verified the request", world.at.seen, [f"login by {world.binding}"])
        equal(f"{name}: the way back", page.hops, [(302, f"{world.secure}/spid/acs"), (200, f"{world.secure}/fascicolo")])
        check(f"{name}: the page names the person", citizen.full_name in page.text, page.text[:300])
        check(f"{name}: still in at the next page", world.inside(browser, citizen))
        equal(f"{name}: no cookie of the login stays", [known for _, known in browser.cookies], [SESSION])
    return browser


def leave_here(world: World, citizen: Citizen, how: Answer, reply: str, partial: bool = False) -> None:
    """"Esci", then "Esci anche da"."""
    name = f"{world.binding}, {how}, out here, reply by {reply}{', partial' if partial else ''}"
    browser = enter(world, name, citizen, how)
    world.at.seen.clear()
    world.at.reply = lambda request, state: world.provider.logout_response(reply, request, state, partial)
    with step(f"{name}: out"):
        goodbye = world.leave(browser)
        check(f"{name}: out at once", not browser.has(SESSION) and world.outside(browser))
        address, text = goodbye.link("Esci anche da")
        equal(f"{name}: the goodbye offers the provider's session", (goodbye.path, text), ("/uscita", f"Esci anche da {NAME}"))
        page = world.hand_over(browser, browser.open(address, goodbye))
        equal(f"{name}: the provider verified the request", world.at.seen, [f"logout request by {world.binding}"])
        if reply == "post":
            page = browser.submit(page, page.form("SAMLResponse"))
        outcome = "parziale" if partial else "chiusa"
        equal(f"{name}: the site believes the answer", (page.status, page.url), (200, f"{world.secure}/uscita?esito={outcome}"))
        try:
            browser.open(goodbye.url).link("Esci anche da")
        except LookupError:
            check(f"{name}: nothing is left to end", True)
        else:
            check(f"{name}: nothing is left to end", False)


def leave_there(world: World, citizen: Citizen, how: Answer, by: str) -> None:
    """The provider ends one session of two: that one is dead in whichever browser it was."""
    name = f"{world.binding}, {how}, out there by {by}"
    staying = enter(world, f"{name}, staying", citizen, how)
    leaving = enter(world, f"{name}, leaving", citizen, how)
    session = world.at.session
    for time in ("once", "again"):
        world.at.seen.clear()
        with step(f"{name}, {time}"):
            page = end_there(world, leaving, by, session)
            equal(f"{name}, {time}: the provider verified the answer", world.at.seen, [f"logout response by {by}, {STATE}"])
            equal(f"{name}, {time}: back at the provider", (page.status, page.text), (200, "sessione chiusa"))
            check(f"{name}, {time}: the session is dead", world.outside(leaving))
            check(f"{name}, {time}: the other lives", world.inside(staying, citizen))


def end_there(world: World, browser: Browser, by: str, session: KeptSession) -> Page:
    world.at.outgoing = world.provider.logout_request(by, session)
    return world.carry(browser, by)


def journeys(world: World, giulia: Citizen, niccolo: Citizen) -> None:
    for how, citizen in ((Answer(), giulia), (Answer(sign_response=True), niccolo)):
        for other in ("redirect", "post"):
            leave_here(world, citizen, how, other)
            leave_there(world, citizen, how, other)
    leave_here(world, giulia, Answer(level=3), "redirect", partial=True)
