"""What must open, or end, nothing: each for the one thing wrong with it, which the site's log names.

(SPID-K1, SPID-R4, SPID-R5, SPID-R7, SPID-R10, SPID-R12, SPID-R13, SPID-R16, SPID-E, SPID-O3, SPID-O4.)
"""

import base64
import re
from collections.abc import Callable

from browser import Browser
from checks import check, equal, step
from citizens import Citizen
from configuration import Answer
from journeys import SESSION, World
from page import Page

WRONG: dict[str, tuple[Answer, str]] = {
    "for another site": (Answer(audience="https://altro.example.it"), "audience"),
    "out of date": (Answer(conditions_minutes=-2), "expired"),
    "confirmed too long ago": (Answer(confirmation_minutes=-2), "confirmation_expired"),
    "of too low a level": (Answer(level=1), "level_too_low"),
    "of no level": (Answer(level=4), "authn_context"),
    "without signature": (Answer(sign_assertion=False), "signature_missing"),
    "signed outside only": (Answer(sign_assertion=False, sign_response=True), "signature_missing"),
    "signed with SHA-1": (Answer(sha1=True), "digest_method"),
    "for another address": (Answer(consumer="https://altro.example.it/spid/acs"), "destination"),
    "to a request never made": (Answer(in_response_to="_mai"), "no_pending_login"),
}


def answers(world: World, citizen: Citizen, other: Citizen) -> None:
    for what, (how, rule) in WRONG.items():
        answer_refused(world, what, rule, lambda request, how=how: world.provider.answer(request, citizen, how)[:2])
    for how in (Answer(), Answer(sign_response=True)):

        def foreign(request: object, how: Answer = how) -> tuple[str, str]:
            return world.stranger.answer(request, citizen, how)[:2]

        def changed(request: object, how: Answer = how) -> tuple[str, str]:
            place, response, _ = world.provider.answer(request, citizen, how)
            if response.count(citizen.codice_fiscale) != 1:
                raise AssertionError("the fiscal number stands once in an answer")
            return place, response.replace(citizen.codice_fiscale, other.codice_fiscale)

        answer_refused(world, f"with a foreign key, {how}", "signature_mismatch", foreign)
        answer_refused(world, f"changed to another person, {how}", "digest_mismatch", changed)


def answer_refused(world: World, what: str, rule: str, make: Callable[[object], tuple[str, str]]) -> None:
    name = f"{world.binding}, an answer {what}"
    browser = world.visitor()
    world.at.answer = make
    with step(name):
        page = world.start(browser)
        form = page.form("SAMLResponse")
        form.action = f"{world.secure}/spid/acs"  # whatever the answer says of itself
        world.reason()
        refused(world, name, browser, browser.submit(page, form), rule)


def refused(world: World, name: str, browser: Browser, page: Page, rule: str) -> None:
    equal(f"{name}: refused for its cause", (page.status, world.reason()), (403, rule))
    check(f"{name}: no session", not browser.has(SESSION) and world.outside(browser))


def once(world: World, citizen: Citizen) -> None:
    """A good answer opens one session, in the browser that asked."""
    name = f"{world.binding}, a good answer"
    browser, thief = world.visitor(), world.visitor()
    world.at.answer = lambda request: world.provider.answer(request, citizen)[:2]
    with step(name):
        page = world.start(browser)
        form = page.form("SAMLResponse")
        world.reason()
        refused(world, f"{name} in another browser", thief, thief.submit(page, form), "no_pending_login")
        browser.submit(page, form)
        check(f"{name}: still good where it belongs", world.inside(browser, citizen))
        again = browser.submit(page, form)
        equal(f"{name}, again", (again.status, world.reason()), (403, "no_pending_login"))


def cancelled(world: World) -> None:
    name = f"{world.binding}, the person cancels"
    browser = world.visitor()
    world.at.answer = lambda request: world.provider.anomaly(request, 25)
    with step(name):
        page = world.start(browser)
        page = browser.submit(page, page.form("SAMLResponse"))
        check(f"{name}: the page says so", page.status == 403 and "annullato" in page.text, page.text[:300])
        check(f"{name}: no session", not browser.has(SESSION) and world.outside(browser))


def logout_requests(world: World, citizen: Citizen) -> None:
    """Nobody but the provider ends a session."""
    browser = world.visitor()
    with step(f"{world.binding}, wrong logout requests"):
        world.login(browser, citizen)
        session = world.at.session
        for by, unsigned, weak in (("redirect", "query", "signature_method"), ("post", "signature_missing", "digest_method")):
            for what, outgoing, rule in (
                ("with a foreign key", world.stranger.logout_request(by, session), "signature_mismatch"),
                ("without signature", world.provider.logout_request(by, session, sign=False), unsigned),
                ("signed with SHA-1", world.provider.logout_request(by, session, sha1=True), weak),
            ):
                name = f"{world.binding}, a logout request by {by} {what}"
                world.at.outgoing = outgoing
                world.reason()
                page = world.carry(browser, by)
                equal(f"{name}: refused for its cause", (page.status, world.reason()), (403, rule))
                check(f"{name}: the session lives", world.inside(browser, citizen))


def logout_responses(world: World, citizen: Citizen) -> None:
    """Nobody but the provider says that its session has ended."""
    browser = world.visitor()
    with step(f"{world.binding}, wrong logout responses"):
        world.login(browser, citizen)
        goodbye = world.leave(browser)
        for by in ("redirect", "post"):
            name = f"{world.binding}, a logout response by {by} with a foreign key"
            world.at.reply = lambda request, state, by=by: world.stranger.logout_response(by, request, state)
            world.reason()
            page = world.hand_over(browser, browser.open(goodbye.link("Esci anche da")[0], goodbye))
            if by == "post":
                page = browser.submit(page, page.form("SAMLResponse"))
            equal(f"{name}: refused for its cause", (page.status, world.reason()), (403, "signature_mismatch"))
            check(f"{name}: the session may still be ended", browser.open(goodbye.url).link("Esci anche da"))


def provider_refuses(world: World, citizen: Citizen) -> None:
    """What was changed on its way to the provider, or its consent to the rest would mean nothing."""
    browser = world.visitor()
    with step(f"{world.binding}, messages of ours that were changed"):
        world.login(browser, citizen)
        for by in ("redirect", "post"):
            world.at.outgoing = world.provider.logout_request(by, world.at.session)
            page = browser.open(f"{world.provider.base}/fine")
            if by == "post":
                page = browser.submit(page, page.form("SAMLRequest"))
            changed_is_refused(f"{world.binding}, our logout response by {by}", browser, page, by, "SAMLResponse")
        page = world.ask(world.visitor())
        changed_is_refused(f"{world.binding}, our login request", browser, page, world.binding, "SAMLRequest")


def changed_is_refused(name: str, browser: Browser, page: Page, by: str, field: str) -> None:
    if by == "redirect":
        page = browser.open(page.hops[-1][1].replace("&SigAlg=", "x&SigAlg="))
    else:
        form = page.form(field)
        text = base64.b64decode(form.fields[field]).decode()
        form.fields[field] = base64.b64encode(text.replace(' Version="2.0"', ' Version="2.0" Consent="x"').encode()).decode()
        page = browser.submit(page, form)
    check(f"{name}, changed: the provider refuses it", page.status == 400 and re.search("(?i)sign", page.text), page.text[:300])


def refusals(world: World, giulia: Citizen, niccolo: Citizen) -> None:
    answers(world, giulia, niccolo)
    once(world, giulia)
    cancelled(world)
    logout_requests(world, giulia)
    logout_responses(world, giulia)
    provider_refuses(world, giulia)
