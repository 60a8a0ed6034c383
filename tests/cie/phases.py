"""What changes between the site and the federation while both run: habits of the provider, marks, keys, our standing at the
anchor, lives of chains. Each phase starts from where the one before left both."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from checks import check, equal
from federation import LIFE_MINUTES, wait
from journeys import REFUSED, World
from program import MARKS

LIFE = timedelta(minutes=LIFE_MINUTES)
# the provider's refusals do not say whose they are: nothing that could be believed (CIE-21)
TURNED_AWAY = (REFUSED, "callback_issuer")


def now() -> datetime:
    return datetime.now(UTC)


def incomplete_userinfo(world: World) -> None:
    """The package as it comes leaves out who says it, to whom and until when (CIE-24)."""
    world.federation.restart_provider(OP_AS_SHIPPED="1")
    world.refuses("userinfo without issuer", "mario", REFUSED, "userinfo_issuer")


def marks(world: World, mark: str) -> datetime:
    """A provider that asks for the trust mark knows nobody without it (CIE-1, CIE-12). Answers when the chain was made that
    is in force then."""
    federation, site = world.federation, world.site
    federation.restart_provider(REQUIRE_TRUST_MARK="1")
    federation.forget(site.origin)
    world.refuses("without our trust mark", "mario", *TURNED_AWAY)
    (site.folder / MARKS).write_text(f"{mark}\n")
    announce(world)
    chained = restart_for_a_round_before_the_end(world)
    federation.forget(site.origin)
    world.opens("with our trust mark")
    equal("the trust mark is published", len(federation.published(site.origin)["trust_marks"]), 1)
    return chained


def announce(world: World) -> None:
    """A signing key more, published before it signs (CIE-6). It is seen when the site starts again."""
    at = now() + timedelta(seconds=3)
    world.site.run("cie", "keys", "--add", "signing", "--bits", "2048", "--from", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for _ in wait(5):
        if now() > at:
            break


def restart_for_a_round_before_the_end(world: World) -> datetime:
    """Jobs run each minute from the start on, and a chain is due between half and three quarters of its life: for it to be
    seen how it is renewed, a round has to fall into its last quarter. Answers when the chain in force was made."""
    quarter, margin = LIFE / 4, timedelta(seconds=4)
    for _ in wait(2 * LIFE.total_seconds()):
        age = now() - world.site.renewals()[-1]
        if age > LIFE + margin:
            world.site.restart()
        elif quarter + margin < age < 2 * quarter - margin or 3 * quarter + margin < age < LIFE - 2 * margin:
            first = world.site.renewals()[-1]
            world.site.restart()
            return first
    raise TimeoutError("no moment to start the site again")


def announced(world: World) -> None:
    """CIE-6: the provider knows both keys now, and the old one signs."""
    equal("a key is announced", world.site.phases(), ["current", "announced"])
    published = world.federation.published(world.site.origin)
    keys = published["metadata"]["openid_relying_party"]["jwks"]["keys"]
    equal("both signing keys are published", [key["use"] for key in keys], ["sig", "sig", "enc"])


def suspended(world: World) -> None:
    """Whom the anchor suspends the provider forgets, and takes up again later."""
    federation, site = world.federation, world.site
    federation.suspend(site.origin)
    world.refuses("suspended at the anchor", "mario", *TURNED_AWAY)
    federation.resume(site.origin)
    world.opens("resumed at the anchor")


def outlived(world: World, first: datetime) -> None:
    """The provider's chain is renewed in the background before it ends, and logins go on after that (CIE-13)."""
    site = world.site
    end = first + LIFE
    for _ in wait(2 * LIFE.total_seconds()):
        if now() > end + timedelta(seconds=2):
            break
    within = [at for at in site.renewals() if first < at < end]
    check("the chain is renewed before it ends", within, f"{site.renewals()}, the end {end}")
    left = site.metric("fascicolo_cie_chain_remaining_seconds")
    check("metrics say how long it holds", left is not None and 0 < left <= LIFE.total_seconds(), left)
    world.opens("after the first chain's life", "anna")


def turned(world: World) -> None:
    """The new key signs; the provider knew it already, and need not ask again (CIE-6)."""
    site = world.site
    old, new = site.signing_keys()
    site.age(old, 240)
    site.age(new, 61)
    equal("the new key has taken over", site.phases(), ["retiring", "current"])
    site.restart()
    asked = site.fetched()
    world.opens("signed with the new key, before the provider forgets")
    equal("the provider asks nothing for that", site.fetched(), asked)
    world.federation.forget(site.origin)
    world.opens("signed with the new key, after the provider has forgotten")
    check("now it has asked", site.fetched() != asked)


def replaced(world: World) -> None:
    """A key that got into other hands goes at once: the provider turns us away until it asks again (CIE-6)."""
    site = world.site
    announce(world)
    for path in site.signing_keys()[:-1]:
        path.unlink()
    equal("one key is left", site.phases(), ["current"])
    site.restart()
    world.refuses("signed with a key never announced", "mario", *TURNED_AWAY)
    world.federation.forget(site.origin)
    world.opens("signed with it once the provider has asked")


def revoked(world: World, before: int, leavers: int) -> None:
    """What Esci leaves behind is revoked at the provider by the next round of jobs (CIE-27)."""
    for _ in wait(70, 1):
        if world.federation.revoked() - before >= leavers:
            break
    equal("the tokens of those who left are revoked", world.federation.revoked() - before, leavers)
    told = [event for event in world.site.events() if "revok" in str(event.get("message"))]
    equal("no revocation went wrong", told, [])


def written(world: World) -> None:
    """The register keeps the whole exchange of every login: chain, request, answer, token, userinfo (CIE-29)."""
    today = now().date().isoformat()
    text = world.site.run("register", "export", "--from", today, "--to", today, "--reason", "interoperability")
    entries = [json.loads(line) for line in text.splitlines()]
    opened = [entry for entry in entries if entry["outcome"] == "ok"]
    equal("every login is in the register", Counter(str(entry["level"]) for entry in opened), world.opened)
    check("nothing in the register was changed", all(entry["whole"] for entry in entries))
    answers = [json.loads(entry["response"]) for entry in opened]
    parts = [(len(said["chain"]), bool(said["token"]), said["userinfo"].count(".")) for said in answers]
    equal("with chain, token and sealed userinfo", set(parts), {(3, True, 4)})


def examined(world: World) -> None:
    """What an operator sees of it (CIE-6, CIE-13)."""
    told = world.site.run("doctor", anyway=True)
    check("doctor: the provider's chain", "holds until" in told or "vouches for it until" in told, told)
    check("the trail of acts is whole", "whole" in world.site.run("audit", "verify"))
