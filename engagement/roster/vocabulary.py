"""The closed lists that describe a person: sector, region, language, how the team came to know of them.

Each key has its words in both languages; a file may use the key or either label. Having lived
something is not among them and never will be: that is membership of a restricted batch or event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from engagement.kernel.bilingual import Text
from engagement.roster.folding import fold
from engagement.roster.models import IdentifiedThrough

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = TypeVar("Key", bound=str)

SECTORS: dict[str, Text] = {
    "first_nations": Text("First Nations organization", "Organisme des Premières Nations"),
    "inuit": Text("Inuit organization", "Organisme inuit"),
    "metis": Text("Métis organization", "Organisme métis"),
    "ngo": Text("Non-governmental organization", "Organisme non gouvernemental"),
    "law_enforcement": Text("Law enforcement", "Application de la loi"),
    "criminal_justice": Text("Criminal justice", "Justice pénale"),
    "victim_services": Text("Victim services", "Services aux victimes"),
    "front_line": Text("Front-line services", "Services de première ligne"),
    "health": Text("Health", "Santé"),
    "academia": Text("Academia", "Milieu universitaire"),
    "federal": Text("Federal government", "Gouvernement fédéral"),
    "provincial": Text("Provincial or territorial government", "Gouvernement provincial ou territorial"),
    "municipal": Text("Municipal government", "Administration municipale"),
    "civil_society": Text("Civil society", "Société civile"),
    "private_sector": Text("Private sector", "Secteur privé"),
    "advocate": Text("Advocacy", "Défense des droits"),
}

REGIONS: dict[str, Text] = {
    "BC": Text("British Columbia", "Colombie-Britannique"),
    "AB": Text("Alberta", "Alberta"),
    "SK": Text("Saskatchewan", "Saskatchewan"),
    "MB": Text("Manitoba", "Manitoba"),
    "ON": Text("Ontario", "Ontario"),
    "QC": Text("Quebec", "Québec"),
    "NB": Text("New Brunswick", "Nouveau-Brunswick"),
    "NS": Text("Nova Scotia", "Nouvelle-Écosse"),
    "PE": Text("Prince Edward Island", "Île-du-Prince-Édouard"),
    "NL": Text("Newfoundland and Labrador", "Terre-Neuve-et-Labrador"),
    "YT": Text("Yukon", "Yukon"),
    "NT": Text("Northwest Territories", "Territoires du Nord-Ouest"),
    "NU": Text("Nunavut", "Nunavut"),
    "outside": Text("Outside Canada", "À l’extérieur du Canada"),
}

LANGUAGES_SPOKEN: dict[str, Text] = {
    "en": Text("English", "Anglais"),
    "fr": Text("French", "Français"),
}

IDENTIFIED_THROUGH: dict[IdentifiedThrough, Text] = {
    IdentifiedThrough.PAST_CONSULTATION: Text("Past consultation", "Consultation antérieure"),
    IdentifiedThrough.EARLIER_ENGAGEMENT: Text("Earlier engagement", "Mobilisation antérieure"),
    IdentifiedThrough.MEDIA: Text("Media", "Médias"),
    IdentifiedThrough.WEB_SEARCH: Text("Web search", "Recherche sur le Web"),
    IdentifiedThrough.REFERRAL: Text("Referral", "Transmission ou proposition"),
    IdentifiedThrough.OPEN_CALL: Text("Open call", "Appel à tous"),
    IdentifiedThrough.STAFF: Text("Staff", "Personnel"),
}

# Of a sector or a way in; of a region or a language.
NOT_KNOWN = Text("Not known", "Inconnu")
NOT_KNOWN_FEMININE = Text("Not known", "Inconnue")


def by_word(vocabulary: Mapping[Key, Text]) -> dict[str, Key]:
    """Return every folded word that means a key: the key itself and its labels in both languages."""
    return {fold(word): key for key, label in vocabulary.items() for word in (key, label.en, label.fr)}
