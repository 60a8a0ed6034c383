"""An identity provider that is not ours against the site.

main.py prepare FOLDER   makes its keys, and its metadata for a free port, in FOLDER
main.py run FOLDER BINDING SECURE STANDINS AUTHORITY LOG
                         walks through login and logout; the site sends its requests by BINDING
"""

import logging
import socket
import sys
from pathlib import Path

import requests
from checks import finish, step
from citizens import citizens
from configuration import make_key, metadata
from journeys import World, journeys
from provider import Provider
from refusals import refusals
from server import ProviderSite


def prepare(folder: Path) -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    for key in ("own", "foreign"):
        make_key(folder / key)
    (folder / "base").write_text(base)
    (folder / "metadata.xml").write_text(metadata(base, folder / "own"))
    return 0


def run(folder: Path, binding: str, secure: str, standins: str, authority: str, log: Path) -> int:
    published = requests.get(f"{secure}/spid/metadata", verify=authority, timeout=30).content
    site = folder / f"site-{binding}.xml"
    site.write_bytes(published)
    base = (folder / "base").read_text()
    provider, stranger = (Provider(base, folder / key, site) for key in ("own", "foreign"))
    at = ProviderSite(provider)
    try:
        with step(f"{binding}: the provider verifies our metadata"):
            provider.verify_metadata(published.decode(), folder)
        world = World(secure, authority, log, binding, provider, stranger, at)
        people = citizens(standins, "Giulia", "Niccolò Maria")
        journeys(world, *people)
        refusals(world, *people)
    finally:
        at.close()
    return finish()


if __name__ == "__main__":
    # it reports as errors what the wrong messages are meant to cause
    logging.getLogger("saml2").setLevel(logging.CRITICAL)
    match sys.argv[1:]:
        case ["prepare", folder]:
            raise SystemExit(prepare(Path(folder)))
        case ["run", folder, binding, secure, standins, authority, log]:
            raise SystemExit(run(Path(folder), binding, secure, standins, authority, Path(log)))
    raise SystemExit(__doc__)
