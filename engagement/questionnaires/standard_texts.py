"""What the standard questionnaire says, in English and French. Nothing but texts."""

from __future__ import annotations

from dataclasses import dataclass, field

from engagement.kernel.bilingual import Text
from engagement.questionnaires.definition import NO_WORDS
from engagement.questionnaires.models import QuestionKind

SINGLE, MULTIPLE, YES_NO = QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.YES_NO
NUMBER, SHORT, LONG = QuestionKind.NUMBER, QuestionKind.SHORT, QuestionKind.LONG


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question. ``condition``: code of an earlier question, and the value that opens this one."""

    code: str
    kind: QuestionKind
    wording: Text
    help: Text = NO_WORDS
    sensitive: bool = False
    least: int | None = None
    most: int | None = None
    options: dict[str, Text] = field(default_factory=dict)
    condition: tuple[str, str] | None = None


@dataclass(frozen=True)
class Area:
    """One section."""

    title: Text
    introduction: Text
    questions: tuple[Ask, ...]


TITLE = Text("Questionnaire on ending human trafficking", "Questionnaire sur la lutte contre la traite de personnes")
INTRODUCTION = Text(
    "We would like to hear what you know and what you have seen. There are eight short sections. "
    "Answer what you can and leave out what you wish: every answer is read.\n\n"
    "Please do not name people or tell us anything that would let somebody be recognized.",
    "Nous souhaitons connaître votre point de vue et ce que vous avez observé. Le questionnaire compte huit courtes "
    "sections. Répondez à ce que vous pouvez et laissez de côté ce que vous voulez\u00a0: chaque réponse est lue.\n\n"
    "Veuillez ne nommer personne et ne rien écrire qui permettrait de reconnaître quelqu’un.",
)
THANKS = Text(
    "The team reads all answers together and publishes what it heard in a report, in English and in French. "
    "The report quotes nobody by name.",
    "L’équipe lit l’ensemble des réponses et publie ce qu’elle a entendu dans un rapport, en français et en anglais. "
    "Le rapport ne cite personne nommément.",
)

_WHY_SENSITIVE = Text(
    "We ask so that help reaches those it misses today. Only the team sees your answer. You can skip this question.",
    "Nous posons cette question pour que l’aide atteigne les personnes qu’elle ne rejoint pas aujourd’hui. Seule l’équipe "
    "voit votre réponse. Vous pouvez passer cette question.",
)

_STRATEGY = Area(
    Text("Framework for a new national strategy", "Cadre d’une nouvelle stratégie nationale"),
    Text(
        "Work against human trafficking has rested on four pillars: prevention, protection, prosecution and partnerships.",
        "La lutte contre la traite de personnes repose sur quatre piliers\u00a0: la prévention, la protection, les poursuites "
        "judiciaires et les partenariats.",
    ),
    (
        Ask(
            code="pillars_keep",
            kind=SINGLE,
            wording=Text(
                "Should a new strategy keep these four pillars?", "Une nouvelle stratégie devrait-elle conserver ces quatre piliers?"
            ),
            options={
                "as_they_are": Text("Yes, as they are", "Oui, tels quels"),
                "with_changes": Text("Yes, with changes", "Oui, avec des changements"),
                "replace": Text("No, it needs another framework", "Non, il faut un autre cadre"),
                "unsure": Text("I am not sure", "Je ne sais pas"),
            },
        ),
        Ask(
            code="pillars_change",
            kind=LONG,
            wording=Text("What would you change in the four pillars?", "Que changeriez-vous aux quatre piliers?"),
            condition=("pillars_keep", "with_changes"),
        ),
        Ask(
            code="systemic_issues",
            kind=MULTIPLE,
            wording=Text(
                "Which underlying issues should the strategy deal with first?",
                "À quels problèmes de fond la stratégie devrait-elle s’attaquer en premier?",
            ),
            help=Text("Choose all that apply.", "Choisissez tout ce qui s’applique."),
            options={
                "poverty": Text("Poverty and unstable work", "La pauvreté et le travail précaire"),
                "housing": Text("Lack of safe housing", "Le manque de logements sûrs"),
                "racism": Text("Racism and the effects of colonialism", "Le racisme et les effets du colonialisme"),
                "gender": Text("Gender inequality and violence", "L’inégalité entre les genres et la violence"),
                "migration": Text("Precarious immigration status", "Un statut d’immigration précaire"),
                "care": Text(
                    "Young people leaving care without support", "Les jeunes qui quittent la protection de l’enfance sans soutien"
                ),
                "health": Text("Mental health and substance use", "La santé mentale et la consommation de substances"),
            },
        ),
    ),
)

_COLLABORATION = Area(
    Text("Enhanced collaboration", "Une collaboration renforcée"),
    Text(
        "Governments, police, services and communities often work side by side without knowing of one another.",
        "Les gouvernements, la police, les services et les communautés travaillent souvent en parallèle sans se connaître.",
    ),
    (
        Ask(
            code="partners_number",
            kind=NUMBER,
            wording=Text(
                "With how many organizations do you work regularly on this subject?",
                "Avec combien d’organismes travaillez-vous régulièrement sur cette question?",
            ),
            help=Text("A rough number is enough. Enter 0 for none.", "Un nombre approximatif suffit. Entrez 0 s’il n’y en a aucun."),
            least=0,
            most=1000,
        ),
        Ask(
            code="coordination",
            kind=LONG,
            wording=Text(
                "How should the work of all these partners be coordinated?", "Comment coordonner le travail de tous ces partenaires?"
            ),
        ),
        Ask(
            code="tools",
            kind=MULTIPLE,
            wording=Text("Which tools would help you work together?", "Quels outils vous aideraient à travailler ensemble?"),
            help=Text("Choose all that apply.", "Choisissez tout ce qui s’applique."),
            options={
                "directory": Text("A directory of who does what", "Un répertoire de qui fait quoi"),
                "network": Text("A national network that meets", "Un réseau national qui se réunit"),
                "protocols": Text("Agreed steps for referring people to services", "Des protocoles communs d’aiguillage vers les services"),
                "training": Text("Shared training", "Des formations communes"),
                "platform": Text("A secure place to exchange documents", "Un espace sûr pour échanger des documents"),
                "funding": Text("Funding for coordination itself", "Du financement pour la coordination elle-même"),
            },
        ),
    ),
)

_PROTECTION = Area(
    Text("Victim protection", "La protection des victimes"),
    Text(
        "Speak from your work or from what you know. Leave out anything that is hard to write about.",
        "Répondez à partir de votre travail ou de ce que vous savez. Laissez de côté ce dont il vous est difficile de parler.",
    ),
    (
        Ask(
            code="supports_people",
            kind=YES_NO,
            wording=Text(
                "Do you, or does your organization, support people who were trafficked?",
                "Est-ce que vous, ou votre organisme, soutenez des personnes qui ont été victimes de la traite?",
            ),
            help=_WHY_SENSITIVE,
            sensitive=True,
        ),
        Ask(
            code="how_identified",
            kind=LONG,
            wording=Text(
                "How do the people you support come to be recognized as victims?",
                "Comment les personnes que vous soutenez sont-elles reconnues comme victimes?",
            ),
            help=_WHY_SENSITIVE,
            sensitive=True,
            condition=("supports_people", "yes"),
        ),
        Ask(
            code="interventions",
            kind=LONG,
            wording=Text(
                "What has worked for groups at high risk, and for whom?",
                "Qu’est-ce qui a bien fonctionné pour les groupes à risque élevé, et pour lesquels?",
            ),
        ),
    ),
)

_DATA = Area(
    Text("Data collection", "La collecte de données"),
    Text(
        "What is counted today leaves out many of those concerned.",
        "Ce qui est compté aujourd’hui laisse de côté beaucoup de personnes touchées.",
    ),
    (
        Ask(
            code="knows_sources",
            kind=YES_NO,
            wording=Text(
                "Do you know of data on human trafficking that are little used?",
                "Connaissez-vous des données sur la traite de personnes qui sont peu utilisées?",
            ),
        ),
        Ask(
            code="which_sources",
            kind=SHORT,
            wording=Text("Which data, and who holds them?", "Quelles données, et qui les détient?"),
            condition=("knows_sources", "yes"),
        ),
        Ask(
            code="marginalized",
            kind=LONG,
            wording=Text(
                "How can marginalized groups be included in data without being put at risk?",
                "Comment tenir compte des groupes marginalisés dans les données sans les mettre en danger?",
            ),
        ),
    ),
)

_LABOUR = Area(
    Text("Labour trafficking", "La traite à des fins de travail forcé"),
    Text("", ""),
    (
        Ask(
            code="labour_seen",
            kind=SINGLE,
            wording=Text(
                "In the past two years, how often have you come across signs of labour exploitation?",
                "Au cours des deux dernières années, à quelle fréquence avez-vous constaté des signes d’exploitation au travail?",
            ),
            help=_WHY_SENSITIVE,
            sensitive=True,
            options={
                "never": Text("Never", "Jamais"),
                "once_or_twice": Text("Once or twice", "Une ou deux fois"),
                "several": Text("Several times", "Plusieurs fois"),
                "often": Text("Often", "Souvent"),
            },
        ),
        Ask(
            code="labour_demand",
            kind=LONG,
            wording=Text(
                "Which services or measures reduce the demand for exploited labour?",
                "Quels services ou quelles mesures réduisent la demande de main-d’œuvre exploitée?",
            ),
        ),
        Ask(
            code="private_sector",
            kind=LONG,
            wording=Text(
                "What part should the private sector take, here and along international supply chains?",
                "Quel rôle le secteur privé devrait-il jouer, ici et dans les chaînes d’approvisionnement internationales?",
            ),
        ),
    ),
)

_POLICE = Area(
    Text("Law enforcement and prosecutions", "L’application de la loi et les poursuites"),
    Text("", ""),
    (
        Ask(
            code="police_training",
            kind=SINGLE,
            wording=Text(
                "Are police where you live trained to recognize human trafficking?",
                "Là où vous vivez, la police est-elle formée à reconnaître la traite de personnes?",
            ),
            options={
                "all": Text("Yes, most officers", "Oui, la plupart des agentes et agents"),
                "some": Text("Yes, a specialized team only", "Oui, mais seulement une équipe spécialisée"),
                "none": Text("No", "Non"),
                "unsure": Text("I do not know", "Je ne sais pas"),
            },
        ),
        Ask(
            code="trust",
            kind=LONG,
            wording=Text(
                "How can police and prosecutors build trust with communities at high risk?",
                "Comment la police et les procureures et procureurs peuvent-ils gagner la confiance des communautés à risque élevé?",
            ),
        ),
    ),
)

_INDUSTRY = Area(
    Text("Industry and technology solutions", "Les solutions de l’industrie et de la technologie"),
    Text("", ""),
    (
        Ask(
            code="luring",
            kind=LONG,
            wording=Text(
                "What makes people aware of luring on the Internet? Name what you have seen work.",
                "Qu’est-ce qui sensibilise les gens au leurre par Internet? Dites-nous ce que vous avez vu fonctionner.",
            ),
        ),
        Ask(
            code="luring_resources",
            kind=SHORT,
            wording=Text("Which resources support that work?", "Quelles ressources appuient ce travail?"),
        ),
        Ask(
            code="travel",
            kind=MULTIPLE,
            wording=Text(
                "Where can travel, tourism and hospitality do most?",
                "Où les secteurs du voyage, du tourisme et de l’accueil peuvent-ils agir le plus?",
            ),
            help=Text("Choose all that apply.", "Choisissez tout ce qui s’applique."),
            options={
                "staff_training": Text("Training of staff", "La formation du personnel"),
                "reporting": Text("Clear ways to report a concern", "Des façons claires de signaler une situation"),
                "notices": Text("Notices for guests and travellers", "Des avis destinés à la clientèle"),
                "hiring": Text("Fair hiring in their own houses", "L’embauche équitable dans leurs propres établissements"),
                "transport": Text("Airports, stations and carriers", "Les aéroports, les gares et les transporteurs"),
            },
        ),
    ),
)

_FURTHER = Area(
    Text("Further comments or views", "Autres commentaires ou points de vue"),
    Text("", ""),
    (
        Ask(
            code="further",
            kind=LONG,
            wording=Text("Is there anything else you would like to tell us?", "Y a-t-il autre chose que vous aimeriez nous dire?"),
        ),
    ),
)

AREAS = (_STRATEGY, _COLLABORATION, _PROTECTION, _DATA, _LABOUR, _POLICE, _INDUSTRY, _FURTHER)
