"""What changes between the site and the federation while both run: marks, standing at the anchor, keys, lives of chains."""

from datetime import UTC, datetime, timedelta

from checks import check, equal, step
from federation import LIFE_MINUTES, wait
from journeys import OUR_FAULT, REFUSED, World

LIFE = LIFE_MINUTES * 60
CHAIN_AGE, CHAIN_LEFT = "fascicolo_cie_chain_age_seconds", "fascicolo_cie_chain_remaining_seconds"
# the provider's refusals do not say whose they are: nothing that could be believed (CIE-21)
UNKNOWN = (REFUSED, "callback_issuer")
