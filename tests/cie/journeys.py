"""What a person does at the site and at the reference provider: in, out, not in."""

from collections import Counter
from dataclasses import dataclass, field

from browser import Browser
from checks import check, equal, step
from federation import Federation
from page import Page
from program import Site

SESSION = "__Host-fascicolo"
PASSWORD = "password"
# those of the provider's people who are in the register, by the name under which they log in
PEOPLE = {"mario": "Mario Rossi", "anna": "Anna Verdi"}
REFUSED = "Accesso non riuscito"
OUR_FAULT = "Il problema è nostro"
NO_NUMBER = "Manca un codice fiscale italiano"


@dataclass
class World:
    federation: Federation
    site: Site
    # how many records were opened, by level
    opened: Counter[str] = field(default_factory=Counter)

    def visitor(self) -> Browser:
        return Browser(str(self.site.ca))

    def ask(self, browser: Browser, level: str = "2") -> Page:
        """From the site's login page to the provider's; or back already, when it does not take the request."""
        choice = browser.open(f"{self.site.origin}/accesso")
        address, _ = choice.link("/accesso/cie")
        return browser.open(address if level == "2" else f"{address}?livello={level}", choice)

    def login(self, browser: Browser, user: str, level: str = "2") -> Page:
        """The page after the answer, whatever it is."""
        page = self.ask(browser, level)
        if page.url.startswith(self.site.origin):
            return page
        form = page.form("username")
        form.fields |= {"username": user, "password": PASSWORD}
        consent = browser.submit(page, form)
        form = consent.form("agree")
        form.fields["agree"] = "on"
        return browser.submit(consent, form)

    def opens(self, name: str, user: str = "mario", level: str = "2") -> Browser:
        """A login that must open that person's record (CIE-16 to CIE-25)."""
        browser = self.visitor()
        with step(f"{name}: the login goes through"):
            page = self.login(browser, user, level)
            equal(f"{name}: the record", (page.status, page.path), (200, "/fascicolo"))
            check(f"{name}: it is that person's", PEOPLE[user] in page.text, page.text[:300])
            check(f"{name}: there is a session", browser.has(SESSION))
            self.opened[level] += 1
        self.site.fresh()
        return browser

    def closed(self, name: str, page: Page, browser: Browser, wanted: tuple[str, str]) -> None:
        """A page of ours that says why, in its heading and in the log, and no session."""
        heading, cause = wanted
        equal(f"{name}: our page", (page.path, page.status), ("/cie/callback", 403))
        check(f"{name}: the page says why", heading in page.text, page.text[:300])
        equal(f"{name}: the log says why", self.site.cause(), cause)
        check(f"{name}: no session", not browser.has(SESSION))
        again = browser.open(f"{self.site.origin}/fascicolo")
        equal(f"{name}: the record stays closed", again.path, "/accesso")

    def refuses(self, name: str, user: str, heading: str, cause: str) -> None:
        """A login that must open nothing, for exactly this cause."""
        browser = self.visitor()
        with step(f"{name}: the login comes to its end"):
            self.site.fresh()
            self.closed(name, self.login(browser, user), browser, (heading, cause))


def people(world: World) -> None:
    """CIE-18 to CIE-25, CIE-27."""
    for user, level in (("mario", "2"), ("anna", "3")):
        browser = world.opens(f"{user} logs in", user, level)
        with step(f"{user} leaves"):
            record = browser.open(f"{world.site.origin}/fascicolo")
            browser.submit(record, record.form("/esci"))
            check(f"{user} leaves: no session", not browser.has(SESSION))
            again = browser.open(f"{world.site.origin}/fascicolo")
            equal(f"{user} leaves: the record is closed", again.path, "/accesso")
    world.refuses("nobody's fiscal number", "nocode", NO_NUMBER, "fiscal_number_missing")
    world.refuses("a wrong check letter", "badcode", NO_NUMBER, "fiscal_number")
    world.refuses("a fiscal number of another country", "estero", NO_NUMBER, "fiscal_number")


def cancelled(world: World) -> None:
    """The reference provider says `invalid_request`, and not who it is: no answer that could be believed (CIE-21)."""
    browser = world.visitor()
    with step("cancelled: the answer comes"):
        page = world.ask(browser)
        world.site.fresh()
        address, _ = page.link("/oidc/op/notconsent")
        answer = browser.open(address, page)
        world.closed("cancelled", answer, browser, (REFUSED, "callback_issuer"))


