"""The national reference federation (the package `spid-cie-oidc`, which is not ours) against the production program.

main.py SCRIPTS LAB FOLDER PROGRAM
    SCRIPTS  the reference federation's own scripts; LAB what they keep from run to run; FOLDER everything else
"""

import signal
import sys
from pathlib import Path

import phases
from checks import check, finish
from federation import Federation, wait
from journeys import World, cancelled, people
from program import Site


def run(scripts: Path, lab: Path, folder: Path, program: Path) -> int:
    federation = Federation(scripts, lab, folder)
    federation.install()
    site = Site(program, folder / "site", federation)
    try:
        federation.start("ta", "cie")
        site.prepare(federation.published(federation.anchor)["jwks"])
        site.start()
        for _ in wait(20):
            if site.renewals():
                break
        mark = federation.onboard(site.origin)
        check("the registrar takes us", mark)
        world = World(federation, site)
        before = federation.revoked()
        people(world)
        cancelled(world)
        phases.incomplete_userinfo(world)
        chained = phases.marks(world, mark)
        phases.announced(world)
        phases.suspended(world)
        phases.outlived(world, chained)
        phases.turned(world)
        phases.replaced(world)
        phases.revoked(world, before, leavers=2)
        phases.written(world)
        phases.examined(world)
    finally:
        (folder / "site.log").write_text(site.log())
        site.stop()
        federation.stop()
    return finish()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    # told to end, it still stops what it started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise SystemExit(run(*(Path(argument).resolve() for argument in sys.argv[1:])))
