"""What was said in the room in 2018: the themes and their percentages, with invented sentences for each.

Themes and percentages are those of Public Safety Canada's consultation report; the French
names and all sentences are ours. A sentence goes on from an opening ("In our region, …").
"""

from __future__ import annotations

from dataclasses import dataclass

from engagement.kernel.bilingual import Text

PILLARS: dict[str, Text] = {
    "prevention": Text("Prevention", "Prévention"),
    "protection": Text("Protection", "Protection"),
    "prosecution": Text("Prosecution", "Poursuites judiciaires"),
    "partnerships": Text("Partnerships", "Partenariats"),
}


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme with its published percentage, its pillar, and what people might have said."""

    name: Text
    percent: int
    pillar: str | None
    english: tuple[str, ...]
    french: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that was asked at the summit, the number of submissions, and the themes found in them."""

    wording: Text
    submissions: int
    themes: tuple[Theme, ...]


OPENINGS_EN = (
    "In our region, ", "Every week we see that ", "From where we stand, ", "At our table we agreed that ", "In small towns, ",
    "What we hear most is that ", "For young people, ", "In the north, ", "For newcomers, ", "Year after year, ", "In the city, ",
    "Again and again, ",
)  # fmt: skip
OPENINGS_FR = (
    "Dans notre région, ", "Chaque semaine, nous voyons que ", "À notre table, nous avons convenu que ", "Dans les petites villes, ",
    "On nous dit souvent que ", "Pour les jeunes, ", "Dans le Nord, ", "Année après année, ", "En ville, ", "Encore et toujours, ",
)  # fmt: skip

CHALLENGES = Asked(
    Text("Current challenges and gaps", "Défis et lacunes actuels"),
    288,
    (
        Theme(
            Text(
                "Lack of supports and services (incl. barriers to access)",
                "Manque de soutien et de services (y compris les obstacles à l’accès)",
            ),
            23,
            "protection",
            (
                "a bed for one night is easier to find than a bed for one year.",
                "the waiting list for counselling is longer than most people can wait.",
                "help closes at five o’clock and need does not.",
                "services ask for papers that people no longer have.",
            ),
            (
                "un lit pour une nuit se trouve plus facilement qu’un lit pour un an.",
                "les services demandent des papiers que les gens n’ont plus.",
                "l’aide ferme à dix-sept heures, mais pas les besoins.",
            ),
        ),
        Theme(
            Text(
                "Need to focus on solutions (demand, root causes)",
                "Nécessité de miser sur les solutions (demande, causes profondes)",
            ),
            14,
            "prevention",
            (
                "we speak of the people who are harmed and seldom of those who pay.",
                "poverty does the recruiting before anybody else does.",
                "nothing changes while demand is treated as a fact of life.",
            ),
            (
                "on parle des personnes exploitées et rarement de celles qui paient.",
                "la pauvreté recrute avant tout le monde.",
            ),
        ),
        Theme(
            Text("Lack of public awareness (incl. stigma)", "Manque de sensibilisation du public (y compris la stigmatisation)"),
            12,
            "prevention",
            (
                "neighbours think that this happens somewhere else.",
                "shame keeps people silent longer than fear does.",
                "parents have never been told what grooming looks like.",
            ),
            ("les voisins croient que cela se passe ailleurs.", "la honte fait taire plus longtemps que la peur."),
        ),
        Theme(
            Text("Barriers to law enforcement and prosecutors", "Obstacles pour les services de police et les procureurs"),
            10,
            "prosecution",
            (
                "a file stops at the provincial border while the people in it do not.",
                "cases fall apart because they rest on one frightened witness.",
                "investigators change before a case comes to trial.",
            ),
            (
                "un dossier s’arrête à la frontière provinciale, contrairement aux personnes visées.",
                "tout repose sur un seul témoin qui a peur.",
            ),
        ),
        Theme(
            Text("Perpetrators’ tactics are evolving", "Les tactiques des auteurs évoluent"),
            8,
            "prosecution",
            (
                "recruiting has moved to telephones that parents never see.",
                "they change cities every few days so that nobody asks.",
                "short rentals have taken the place of hotels.",
            ),
            (
                "le recrutement se fait sur des téléphones que les parents ne voient jamais.",
                "on change de ville tous les deux ou trois jours.",
            ),
        ),
        Theme(
            Text("Lack of sustainable and core funding", "Manque de financement durable et de base"),
            7,
            "partnerships",
            (
                "projects end just when people begin to trust them.",
                "half of our time goes into the next application.",
                "core costs are what nobody wants to pay.",
            ),
            (
                "les projets prennent fin quand la confiance s’installe.",
                "la moitié de notre temps passe dans la prochaine demande de fonds.",
            ),
        ),
        Theme(
            Text("Lack of understanding of the spectrum of exploitation", "Méconnaissance de l’éventail des formes d’exploitation"),
            6,
            "prevention",
            (
                "forced labour is taken for a bad job.",
                "boys and men are not seen at all.",
                "what begins as a favour is not recognized as exploitation.",
            ),
            ("le travail forcé passe pour un mauvais emploi.", "on ne voit pas du tout les garçons et les hommes."),
        ),
        Theme(
            Text("Lack of collaboration", "Manque de collaboration"),
            5,
            "partnerships",
            (
                "agencies in one street do not know of each other.",
                "everybody keeps a list and nobody compares them.",
                "we meet in a crisis and then not again.",
            ),
            ("des organismes de la même rue ne se connaissent pas.", "chacun tient sa liste et personne ne les compare."),
        ),
        Theme(
            Text(
                "Lack of trauma-informed training and expertise",
                "Manque de formation et d’expertise tenant compte des traumatismes",
            ),
            5,
            "protection",
            (
                "people have to tell their story to seven strangers.",
                "a first interview can undo a year of trust.",
                "nobody has taught the front desk what to say.",
            ),
            ("les gens doivent raconter leur histoire à sept inconnus.", "un premier entretien peut défaire un an de confiance."),
        ),
        Theme(
            Text("Lack of reliable data", "Manque de données fiables"),
            3,
            "partnerships",
            ("we count what is reported, and little is reported.", "every system counts something else."),
            ("on compte ce qui est signalé, et peu l’est.", "chaque système compte autre chose."),
        ),
        Theme(
            Text("Lack of consistent legislation and mandates", "Manque d’uniformité des lois et des mandats"),
            3,
            "prosecution",
            ("the same facts are an offence here and a by-law matter there.", "nobody can say whose mandate it is."),
            ("les mêmes faits sont un crime ici et une infraction mineure là-bas.", "personne ne sait de quel mandat cela relève."),
        ),
        Theme(
            Text("Increase of migrant labour exploitation", "Hausse de l’exploitation de la main-d’œuvre migrante"),
            2,
            "protection",
            ("a permit that names one employer is a leash.", "workers are told that complaining will send them home."),
            ("un permis lié à un seul employeur est une laisse.", "on dit aux travailleuses qu’une plainte les renverra chez elles."),
        ),
        Theme(
            Text("Lack of a voice for survivors", "Absence de voix pour les personnes survivantes"),
            2,
            "partnerships",
            ("those who know most are asked last.", "survivors are invited to tell and not to decide."),
            ("on consulte en dernier les personnes qui en savent le plus.", "on invite à témoigner, pas à décider."),
        ),
        Theme(
            Text("Other", "Autre"),
            11,
            None,
            (
                "the day was too short for what had to be said.",
                "we would like to meet again within the year.",
                "transport alone keeps people from coming to a table like this.",
                "winter makes everything harder.",
            ),
            ("la journée a été trop courte pour tout dire.", "le transport à lui seul empêche des gens de venir ici."),
        ),
    ),
)

SOLUTIONS = Asked(
    Text("Forward-looking solutions", "Solutions pour l’avenir"),
    245,
    (
        Theme(
            Text("Enhanced collaboration and partnerships", "Collaboration et partenariats renforcés"),
            17,
            "partnerships",
            (
                "one table where police, health and shelters sit every month would do much.",
                "a named person in each agency would save days.",
                "what one town has learned should reach the next one.",
            ),
            (
                "une table mensuelle réunissant police, santé et hébergement aiderait beaucoup.",
                "une personne désignée par organisme épargnerait des jours.",
            ),
        ),
        Theme(
            Text("More, and more accessible, supports and services", "Davantage de soutien et de services, plus accessibles"),
            11,
            "protection",
            (
                "housing first, and for as long as it takes.",
                "one door that is open at night is worth ten that are not.",
                "help should come to people, not people to help.",
            ),
            ("le logement d’abord, aussi longtemps qu’il le faut.", "l’aide devrait aller vers les gens."),
        ),
        Theme(
            Text("Cross-sector training", "Formation intersectorielle"),
            9,
            "protection",
            (
                "nurses, officers and teachers could be trained together.",
                "hotel staff would be glad to know what to look for.",
            ),
            (
                "le personnel infirmier, policier et enseignant pourrait se former ensemble.",
                "le personnel hôtelier voudrait savoir quoi observer.",
            ),
        ),
        Theme(
            Text("Education and public awareness", "Éducation et sensibilisation du public"),
            9,
            "prevention",
            (
                "begin in grade six, with words that children use.",
                "campaigns should show ordinary places.",
            ),
            ("commençons en sixième année, avec les mots des enfants.", "les campagnes devraient montrer des lieux ordinaires."),
        ),
        Theme(
            Text("Support for grassroots and community organizations", "Soutien aux organismes communautaires et de terrain"),
            9,
            "partnerships",
            (
                "small groups do the first mile and need the first dollar.",
                "fund those whom people already trust.",
            ),
            (
                "les petits groupes font le premier pas et ont besoin du premier dollar.",
                "finançons les organismes en qui les gens ont confiance.",
            ),
        ),
        Theme(
            Text("Sustainable and core funding", "Financement durable et de base"),
            9,
            "partnerships",
            ("five years of funding would let us keep our staff.", "pay for rent and telephones, not only for projects."),
            (
                "cinq ans de financement nous permettraient de garder le personnel.",
                "il faut payer le loyer et le téléphone, pas seulement les projets.",
            ),
        ),
        Theme(
            Text("Private sector involved and accountable", "Participation et responsabilité du secteur privé"),
            5,
            "prevention",
            ("buyers should have to know who made what they buy.", "banks see patterns that nobody else sees."),
            (
                "les acheteurs devraient savoir qui a fabriqué ce qu’ils achètent.",
                "les banques voient des tendances que personne d’autre ne voit.",
            ),
        ),
        Theme(
            Text("Labour trafficking", "Traite aux fins de travail forcé"),
            5,
            "protection",
            ("inspectors who speak the workers’ languages would change a lot.", "an open permit would let people leave."),
            ("des inspecteurs parlant la langue des travailleurs changeraient bien des choses.", "un permis ouvert permettrait de partir."),
        ),
        Theme(
            Text("Root causes (poverty, housing, health)", "Causes profondes (pauvreté, logement, santé)"),
            5,
            "prevention",
            ("a decent income prevents more than any poster.", "care for addiction has to come before the crisis."),
            ("un revenu décent prévient mieux que toute affiche.", "il faut soigner la dépendance avant la crise."),
        ),
        Theme(
            Text("Multi-faceted, holistic approach", "Approche globale à plusieurs volets"),
            4,
            "partnerships",
            ("health, housing and justice belong in one plan.", "healing on the land should count as care."),
            ("santé, logement et justice relèvent d’un même plan.", "la guérison sur le territoire devrait compter comme un soin."),
        ),
        Theme(
            Text(
                "Consistent strategy and legislation across governments",
                "Stratégie et lois cohérentes entre les gouvernements",
            ),
            4,
            "prosecution",
            ("one definition in all jurisdictions would help every case.", "orders should hold across provincial borders."),
            ("une seule définition partout aiderait chaque dossier.", "les ordonnances devraient valoir d’une province à l’autre."),
        ),
        Theme(
            Text("Reliable data and data collection", "Données fiables et collecte de données"),
            4,
            "partnerships",
            ("agree on ten things to count and count them everywhere.", "let communities own what is counted about them."),
            ("entendons-nous sur dix éléments à compter partout.", "que les communautés soient maîtres de leurs données."),
        ),
        Theme(
            Text("Technology as a solution", "La technologie comme solution"),
            3,
            "prosecution",
            ("platforms could take an advertisement down within the hour.", "a text line reaches people whom a call does not."),
            ("les plateformes pourraient retirer une annonce en une heure.", "une ligne texto rejoint des gens qui n’appellent pas."),
        ),
        Theme(
            Text("A voice for survivors", "Une voix pour les personnes survivantes"),
            2,
            "partnerships",
            ("a paid advisory circle of survivors should read every draft.",),
            ("un cercle consultatif rémunéré de personnes survivantes devrait lire chaque ébauche.",),
        ),
        Theme(
            Text("Other", "Autre"),
            7,
            None,
            ("tell us in a year what came of this.", "thank you for asking in both languages.", "bring the next meeting closer to us."),
            ("dites-nous dans un an ce que cela aura donné.", "tenez la prochaine rencontre plus près de chez nous."),
        ),
    ),
)
