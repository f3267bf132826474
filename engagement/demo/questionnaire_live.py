"""A short questionnaire for suppliers, open today: every kind of question, one condition."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.kernel.clock import today
from engagement.questionnaires.asking import QuestionGiven, add_question
from engagement.questionnaires.design import Settings, add_section, create_questionnaire
from engagement.questionnaires.models import QuestionKind

if TYPE_CHECKING:
    from engagement.demo.loading import Loading

NAME = "suppliers"
Asked = tuple[QuestionGiven, tuple[Text, ...]]

CHAIN: tuple[Asked, ...] = (
    (
        QuestionGiven(
            code="size",
            kind=QuestionKind.SINGLE,
            wording=Text("How many people work in your organization?", "Combien de personnes travaillent dans votre organisme?"),
        ),
        (
            Text("Fewer than 20", "Moins de 20"),
            Text("20 to 99", "De 20 à 99"),
            Text("100 to 499", "De 100 à 499"),
            Text("500 or more", "500 ou plus"),
        ),
    ),
    (
        QuestionGiven(
            code="knows_chain",
            kind=QuestionKind.YES_NO,
            wording=Text("Do you know who supplies your suppliers?", "Savez-vous qui approvisionne vos fournisseurs?"),
        ),
        (),
    ),
    (
        QuestionGiven(
            code="how_far",
            kind=QuestionKind.NUMBER,
            wording=Text("How many steps back do you know your chain?", "Combien d’échelons de votre chaîne connaissez-vous?"),
            least=1,
            most=20,
            condition=("knows_chain", "yes"),
        ),
        (),
    ),
)
RULES: tuple[Asked, ...] = (
    (
        QuestionGiven(
            code="should_ask",
            kind=QuestionKind.MULTIPLE,
            wording=Text("What should a contract ask for?", "Que devrait exiger un contrat?"),
        ),
        (
            Text("A signed code of conduct", "Un code de conduite signé"),
            Text("A list of suppliers", "Une liste des fournisseurs"),
            Text("An audit by somebody independent", "Une vérification par un tiers indépendant"),
            Text("A way for workers to complain", "Un moyen de plainte pour les travailleuses et travailleurs"),
        ),
    ),
    (
        QuestionGiven(
            code="seen",
            kind=QuestionKind.YES_NO,
            wording=Text("Have you come across forced labour in a chain?", "Avez-vous déjà constaté du travail forcé dans une chaîne?"),
            help=Text(
                "We ask so that the rules start from what happens. Only the team sees your answer.",
                "Nous posons cette question pour que les règles partent de la réalité. Seule l’équipe voit votre réponse.",
            ),
            sensitive=True,
        ),
        (),
    ),
    (
        QuestionGiven(
            code="association",
            kind=QuestionKind.SHORT,
            wording=Text("Which association or standard helps you most?", "Quelle association ou norme vous aide le plus?"),
        ),
        (),
    ),
    (
        QuestionGiven(
            code="needs",
            kind=QuestionKind.LONG,
            wording=Text("What would you need to keep such rules?", "De quoi auriez-vous besoin pour respecter de telles règles?"),
        ),
        (),
    ),
)
SECTIONS = (
    (Text("Your supply chain", "Votre chaîne d’approvisionnement"), CHAIN),
    (Text("What rules should ask for", "Ce que les règles devraient exiger"), RULES),
)


def ask_questions(loading: Loading) -> None:
    """Create the questionnaire: open today, to be passed on, and with nominations."""
    day = today(loading.consultation.zone)
    settings = Settings(
        title=Text("Questionnaire for suppliers", "Questionnaire à l’intention des fournisseurs"),
        introduction=Text(
            "Seven questions in two sections. Answer what you can; every answer is read.",
            "Sept questions en deux sections. Répondez à ce que vous pouvez; chaque réponse est lue.",
        ),
        thanks=Text(
            "The team reads all answers together and publishes what it heard. The report names nobody.",
            "L’équipe lit toutes les réponses et publie ce qu’elle a entendu. Le rapport ne nomme personne.",
        ),
        opens_on=day - timedelta(days=7),
        closes_on=day + timedelta(days=56),
        received_until=day + timedelta(days=70),
        allows_forwarding=True,
        allows_nominations=True,
        open_call=True,
        sufficient_answers=2,
    )
    actor = loading.actor
    made = create_questionnaire(consultation_id=loading.consultation.id, name=NAME, settings=settings, actor=actor)
    for title, questions in SECTIONS:
        section = add_section(questionnaire_id=made.id, title=title, introduction=Text("", ""), actor=actor)
        for given, labels in questions:
            add_question(questionnaire_id=made.id, section_id=section.id, given=given, labels=labels, actor=actor)
