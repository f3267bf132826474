"""Invented people: names, addresses and organizations drawn by a seeded generator.

No name stands for anybody. Addresses end in example.org, example.com or example.net, which
RFC 2606 keeps free of real mailboxes, and telephone numbers lie in the range that is
reserved for fiction (555-0100 to 555-0199).
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass

GIVEN_EN = (
    "Adele", "Alastair", "Anita", "Barnaby", "Beatrix", "Callum", "Carla", "Cedric", "Cordelia", "Dale", "Daphne", "Darren",
    "Delia", "Desmond", "Edith", "Elliot", "Esme", "Farah", "Fergus", "Fiona", "Gareth", "Gita", "Gwen", "Harjit", "Hazel",
    "Hugh", "Imogen", "Ines", "Isaac", "Ivy", "Jasper", "Joan", "Kamala", "Keith", "Kirsten", "Lachlan", "Leona", "Lionel",
    "Mabel", "Malcolm", "Marcus", "Mei", "Minh", "Moira", "Nadia", "Neville", "Olive", "Omar", "Patience", "Percy", "Priya",
    "Quentin", "Ramona", "Reid", "Rosalind", "Ruben", "Sadie", "Samir", "Selma", "Stuart", "Tamara", "Theo", "Una", "Vera",
    "Walter", "Wanda", "Yusuf", "Zelda",
)  # fmt: skip
GIVEN_FR = (
    "Adélaïde", "Agathe", "Alcide", "Aurèle", "Bastien", "Bérénice", "Blanche", "Bruno", "Carole", "Céleste", "Clément",
    "Colombe", "Cyrille", "Delphine", "Donatien", "Edmée", "Élise", "Éloi", "Émile", "Estelle", "Fabien", "Félicité",
    "Fernand", "Flavie", "Gaétan", "Germaine", "Ghislain", "Ginette", "Hélène", "Honoré", "Irène", "Jérôme", "Josette",
    "Judith", "Karim", "Laurence", "Léandre", "Léonie", "Lucette", "Ludovic", "Madeleine", "Marguerite", "Maxime", "Mylène",
    "Nadège", "Noémie", "Octave", "Odile", "Ovide", "Pascaline", "Philémon", "Raoul", "Réjeanne", "Renaud", "Rosaire",
    "Salima", "Sabine", "Solange", "Sylvain", "Thérèse", "Ursule", "Valère", "Viviane", "Yolande", "Zoé",
)  # fmt: skip
FAMILY_EN = (
    "Abernethy", "Ashdown", "Atwal", "Barrowman", "Bellweather", "Birchall", "Blackwood", "Bramble", "Brightwell", "Calder",
    "Carmody", "Chowdhury", "Coldstream", "Copperfield", "Cranbrook", "Dalgleish", "Danforth", "Dhillon-Marsh", "Drummond",
    "Eastlake", "Fairweather", "Farquhar", "Fennimore", "Galloway", "Garside", "Goodacre", "Greenhalgh", "Haldane", "Harcourt",
    "Hollingworth", "Huang-Reid", "Inglewood", "Kettering", "Kirkbride", "Langstaff", "Larkspur", "Lindqvist", "Lockhart",
    "Mapleton", "Marchbanks", "Merriweather", "Millbrook", "Nightingale", "Northcott", "Oakhurst", "Okonjo", "Pemberton",
    "Penhallow", "Quimby", "Rathbone", "Ravenhill", "Redfern", "Rosewarne", "Sandhu-Cole", "Silverthorn", "Stillwater",
    "Tamblyn", "Thistlewood", "Tranter", "Underhill", "Van Doorn", "Wainwright", "Whitlock", "Winterbourne", "Woolridge", "Yardley",
)  # fmt: skip
FAMILY_FR = (
    "Aubépin", "Baribeault", "Beauchesne", "Bellefleur", "Bellerive", "Boisclair", "Boisvenu", "Bonsecours", "Chantelois",
    "Charlemoine", "Clairmont", "Courtepatte", "Dansereault", "Delorimier", "Desrivages", "Duchesnois", "Duquesnel",
    "Émeraud", "Fontenelle", "Francheville", "Gaillardet", "Grandmaison", "Grandpré", "Hautbois", "Jolivet", "Labonté",
    "Lachevrotière", "Lafontaine", "Laframboise", "Lagarenne", "Lajoie", "Lamontagne", "Larivière", "Latendresse", "Latulippe",
    "Lavigueur", "Lespérance", "Létourneau", "Malenfant", "Marchessault", "Mirabel", "Montreuil", "Nadeau-Roy", "Ouimet",
    "Parenteau", "Patenaude", "Perreault", "Plamondon", "Prévoyant", "Quesnel", "Rivest", "Rochebrune", "Sanschagrin",
    "Sansregret", "Sauvageau", "St-Aubin", "Sylvestre", "Taillefer", "Tourangeau", "Vadeboncoeur", "Valcourt", "Verdurin",
)  # fmt: skip
FAMILY_FIRST_PEOPLES = ("Whitebird", "Manywaters", "Northstar", "Anglihak", "Kootook", "Nepinak-Hill", "Morning-Lake", "Berger-Rivard")

PLACES = {
    "BC": ("Cedar Reach", "Salal Bay"), "AB": ("Foothill Crossing", "Chinook Springs"), "SK": ("Wheatland Junction", "Meadow Bend"),
    "MB": ("Sturgeon Ridge", "Two Rivers Point"), "ON": ("Clearbrook", "Stonehaven Mills"), "QC": ("Val-Doré", "Rivière-aux-Saules"),
    "NB": ("Fundy Harbour", "Baie-Argentée"), "NS": ("Granite Cove", "Heron Point"), "PE": ("Redsand Corner", "Lupin Bay"),
    "NL": ("Capelin Tickle", "Fogbank Harbour"), "YT": ("Aurora Flats", "Goldpan Creek"), "NT": ("Spruce Narrows", "Long Portage"),
    "NU": ("Tern Inlet", "Char Sound"), "outside": ("Fairbridge", "Rochelande"),
}  # fmt: skip

ORGANIZATIONS: dict[str, tuple[str, str]] = {
    "first_nations": ("{place} First Nations Women’s Circle", "Cercle des femmes des Premières Nations de {place}"),
    "inuit": ("{place} Inuit Family Centre", "Centre de la famille inuite de {place}"),
    "metis": ("{place} Métis Wellness Society", "Société de mieux-être métisse de {place}"),
    "ngo": ("{place} Freedom Network", "Réseau liberté de {place}"),
    "law_enforcement": ("{place} Police Service", "Service de police de {place}"),
    "criminal_justice": ("{place} Crown Counsel Office", "Bureau des procureurs de {place}"),
    "victim_services": ("{place} Victim Services", "Aide aux victimes de {place}"),
    "front_line": ("{place} Outreach House", "Maison d’accueil de {place}"),
    "health": ("{place} Community Clinic", "Clinique communautaire de {place}"),
    "academia": ("University of {place}", "Université de {place}"),
    "federal": ("Federal Office at {place}", "Bureau fédéral de {place}"),
    "provincial": ("Provincial Secretariat at {place}", "Secrétariat provincial de {place}"),
    "municipal": ("City of {place}", "Ville de {place}"),
    "civil_society": ("{place} Citizens’ Forum", "Forum citoyen de {place}"),
    "private_sector": ("{place} Hospitality Group", "Groupe hôtelier de {place}"),
    "advocate": ("", ""),
}


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented person, as the roster takes them."""

    given_name: str
    family_name: str
    email: str
    phone: str
    organization: str
    sector: str
    region: str
    language: str | None


class Generator:
    """Draws invented people from a seed: the same seed gives the same people in the same order."""

    def __init__(self, seed: str, domains: tuple[str, ...] = ("example.org", "example.net")) -> None:
        """Start from ``seed``; addresses end in ``domains``."""
        self._domains = domains
        self.random = random.Random(seed)  # noqa: S311 - inventing names is no secret.
        self._taken: set[tuple[str, str]] = set()

    def person(self, sector: str, region: str) -> Invented:
        """Return somebody new of this sector and region; nobody has the name of somebody before them."""
        french = self.random.random() < (0.85 if region == "QC" else 0.4 if region == "NB" else 0.12)
        given, family = self._name(sector, french=french)
        language = ("fr" if french else "en") if self.random.random() < 0.93 else None
        pattern = ORGANIZATIONS[sector][1 if french else 0]
        place = self.random.choice(PLACES[region])
        if french and place[0] in "AEIOUÉÈÎ":
            pattern = pattern.replace("de {place}", "d’{place}")
        return Invented(
            given, family, self._address(given, family), self._phone(), pattern.format(place=place), sector, region, language
        )  # fmt: skip

    def _name(self, sector: str, *, french: bool) -> tuple[str, str]:
        families: tuple[str, ...] = FAMILY_FR if french else FAMILY_EN
        if sector in {"first_nations", "inuit", "metis"} and self.random.random() < 0.25:
            families = FAMILY_FIRST_PEOPLES
        while True:
            name = self.random.choice(GIVEN_FR if french else GIVEN_EN), self.random.choice(families)
            key = _ascii(name[0]), _ascii(name[1])
            if key not in self._taken:
                self._taken.add(key)
                return name

    def _address(self, given: str, family: str) -> str:
        box = f"{_ascii(given)}.{_ascii(family)}"
        return f"{box}@{self.random.choice(self._domains)}"

    def _phone(self) -> str:
        return f"{self.random.choice((204, 416, 514, 604, 613, 867, 902))}-555-01{self.random.randrange(100):02d}"


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", plain.lower()).strip("-")
