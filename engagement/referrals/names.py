"""What strangers may call themselves, or somebody else: names, and no messages.

Whoever has a link that is passed on can have a mail sent to any address. A name that could
say something, or lead somewhere, would say it in the team's name. Pure.
"""

from __future__ import annotations

import re

from engagement.kernel.bilingual import Text

LONGEST = 60
MOST_DIGITS = 2
NO_NAME = Text(
    "Enter a name of at most 60 characters, without an address, a link or a number.",
    "Entrez un nom d’au plus 60 caractères, sans adresse, ni lien, ni numéro.",
)
NO_ADDRESS = Text("Enter an address like name@example.org.", "Entrez une adresse comme nom@exemple.org.")
_NEVER = re.compile(r"[:/@\\<>{}\[\]=;!?#%*$+_|~\"\u2044\u2215\uff0f\uff1a\uff20]")
# A mail program makes a link of "example.org". An initial or a title may stand before a dot without a space.
_TITLES = re.compile(r"\b(?:St|Ste|Dr|Dre|Mr|Mrs|Ms|Me|Mme|Mlle|Prof|Fr|Sr|Rev|Hon)\.")
_HOST = re.compile(r"(?:[^\W_]{2,}|[a-z0-9])[.\u3002\uff0e](?:[^\W\d_]{2,}|xn--)|\bwww\b", re.IGNORECASE)
_INITIAL = re.compile(r"\b[^\W\d_a-z]\.")


def may_be_a_name(words: str) -> bool:
    """Return whether somebody may be called so: at most 60 characters, no address, no link, no number."""
    if len(words) > LONGEST or sum(each.isdigit() for each in words) > MOST_DIGITS or _NEVER.search(words):
        return False
    return _HOST.search(_INITIAL.sub("", _TITLES.sub("", words))) is None
