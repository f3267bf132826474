"""Wishes in the words that people use, in both languages: what is one for certain acts, and whatever is not waits for the team."""

import time

import pytest
from sqlalchemy import select

from engagement.kernel.db import db
from engagement.mailing.inbound import InboxState, Kind
from engagement.mailing.models import Message
from engagement.mailing.receiving import receive
from engagement.mailing.wordings import asks_for_the_questionnaire, wants_no_more_mail
from engagement.roster.models import Person
from tests.mailing.inbound_given import count, guests, jo_writes
from tests.support.given import a_consultation

pytestmark = pytest.mark.slow

ASKED = [
    "Je souhaite recevoir le questionnaire au plus tôt.",
    "Je souhaite recevoir le questionnaire le plus tôt possible.",
    "J'aimerais recevoir une copie du questionnaire.",
    "Veuillez m'envoyer une copie du questionnaire.",
    "Veuillez bien vouloir nous faire parvenir votre questionnaire.",
    "Puis-je avoir le questionnaire ?",
    "Puis-je avoir le questionnaire en français ?",
    "Pourrais-je recevoir le questionnaire ?",
    "Est-ce que je peux avoir le questionnaire ?",
    "Je veux recevoir le questionnaire.",
    "Je voudrais bien recevoir le questionnaire",
    "Je voudrais le questionnaire.",
    "J’aimerais répondre au questionnaire.",
    "Envoyez moi le questionnaire svp",
    "Envoyez-moi le questionnaire s. v. p.",
    "Bonjour, je n'ai pas reçu le questionnaire. Pouvez-vous me l'envoyer ? Merci.",
    "Prière de m'envoyer le questionnaire",
    "Pourriez-vous m'envoyer le questionnaire s'il vous plaît ?",
    "Bonjour Madame, auriez-vous l’amabilité de me transmettre le lien vers le questionnaire ? Merci d’avance.",
    "Merci de nous transmettre votre questionnaire en ligne",
    "Je ne peux venir, mais j’aimerais recevoir le questionnaire.",
    "I did not get a link so please send me the questionnaire",
    "I have not received my link. Please send me the questionnaire again.",
    "I never received anything. Please send me the questionnaire.",
    "Please send the questionnaire to me.",
    "Could you send me a link to the questionnaire?",
    "I would like a copy of the questionnaire.",
    "I have lost my link, please resend the questionnaire.",
    "Please send me the online questionnaire",
    "Please email the survey to me",
    "Hi, could you please send me the questionnaire as soon as possible? Thanks",
    "May I have the questionnaire?",
    "I lost the questionnaire. Could you send it to me again?",
    "Is it possible to get the survey in French?",
    "Please send me the questionnaire about ethical procurement.",
    "Could you send me the questionnaire for the ethical procurement consultation, please?",
    "A colleague told me about the questionnaire. Could you send it to me?",
    "I seem to have misplaced the link to the questionnaire. Could you resend it?",
    "I cannot find the questionnaire, could you send it again?",
    "Veuillez m’envoyer le questionnaire sur l’approvisionnement éthique.",
    "Pouvez-vous me faire parvenir le questionnaire de la consultation ?",
    "Je suis intéressée à répondre au questionnaire. Pouvez-vous me l’envoyer ?",
    "Peut-on m’envoyer le questionnaire ?",
]
NOT_ASKED = [
    "Please do not send me the questionnaire again.",
    "ne m'envoyez plus le questionnaire",
    "Veuillez ne plus m'envoyer le questionnaire.",
    "Envoyez-moi plus le questionnaire",
    "Je ne souhaite plus recevoir le questionnaire le plus tôt possible.",
    "Je veux pas recevoir le questionnaire.",
    "Please send me the questionnaire. Actually no, do not send me anything.",
    "Stop! You send me the questionnaire each week, so please stop.",
    "If you send me the questionnaire, I will throw it away.",
    "I would like the questionnaire to be shorter.",
    "I would like to have the questionnaire removed.",
    "Je voudrais que le questionnaire soit plus court.",
    "J’aimerais remplir le questionnaire par téléphone.",
    "I would like to answer the questionnaire on paper.",
    "Please send me the results of the questionnaire.",
    "Please send me the questionnaire results.",
    "Veuillez m'envoyer les résultats du questionnaire.",
    "Please send me a copy of the questionnaire that I answered.",
    "Please send the questionnaire to my colleague.",
    "Please send me the questionnaire and call me.",
    "Please send me the questionnaire about procurement and call me.",
    "Please send me the questionnaire for my colleague.",
    "Veuillez m’envoyer le questionnaire sur papier.",
    "Veuillez m’envoyer le questionnaire sur la pêche et me téléphoner.",
    "I have opinions about the questionnaire. Could you send it to the minister?",
    "Who will send me the questionnaire?",
    "You said that you would send me the questionnaire.",
    'They wrote "please send me the questionnaire" to everybody.',
    "I filled out the questionnaire. My report is done. Can you send it to me?",
    "Can you send it to me?",
    "J'ai répondu au questionnaire.",
    "Le questionnaire est trop long. Pouvez-vous me l'envoyer par la poste ?",
    "Unsubscribe me, and send me the questionnaire by mistake again.",
]
SUBJECTS_THAT_ASK = [
    "Demande du questionnaire", "Demande de questionnaire", "Request for the questionnaire", "Questionnaire request",
    "Questionnaire please", "Questionnaire svp", "Please send me the questionnaire", "Veuillez m’envoyer le questionnaire",
]  # fmt: skip
SUBJECTS_THAT_END_IT = [
    "Me désabonner svp", "Veuillez me désabonner", "Retirez-moi de votre liste", "Unsubscribe me please",
    "Please unsubscribe me from this list",
    "Remove me", "Remove me from your mailing list", "unsubscribe", "Re: Unsubscribe", "RE : Désabonnement",
    "STOP", "Stop.", "Désinscrivez-moi",
    "Je souhaite me désabonner de votre liste d’envoi", "Désabonnez-moi de la liste s.v.p.",
    "Take me off your list",
]  # fmt: skip
SUBJECTS_THAT_DO_NOT = [
    "How do I unsubscribe?", "Unsubscribe rates in surveys", "Stop the dam", "Stop sending paper", "Unsubscribe link is broken",
    "Comment se désabonner ?", "Remove me from the guest list", "Retirez-moi de la réunion du 8", "Do not unsubscribe me",
    "Ne me désabonnez pas", "unsubscribe aaaa", "Remove the dam", "My colleague wants to unsubscribe", "Désabonnement de ma collègue",
]  # fmt: skip


@pytest.mark.parametrize("words", ASKED)
def test_whoever_asks_for_the_questionnaire_in_such_words_is_sent_it(app, words):
    row = jo_writes(words)
    assert (row.kind, row.state, row.outcome) == (Kind.REQUEST, InboxState.DONE, "asked")
    assert db.session.scalars(select(Message.purpose)).all() == ["questionnaire_invitation"]


@pytest.mark.parametrize("words", NOT_ASKED)
def test_what_is_not_clearly_a_request_waits_for_the_team(app, words):
    row = jo_writes(words)
    assert (row.kind, row.state) == (Kind.UNPLACED, InboxState.WAITING)
    assert count(Message) == 0


@pytest.mark.parametrize("subject", SUBJECTS_THAT_ASK)
def test_a_subject_may_ask_for_the_questionnaire(subject):
    assert asks_for_the_questionnaire(subject, "Thanks")
    assert asks_for_the_questionnaire(subject, "")
    assert not asks_for_the_questionnaire(f"Re: {subject}", "Thanks")
    assert not asks_for_the_questionnaire(subject, "I do not want the questionnaire any more.")


@pytest.mark.parametrize("subject", SUBJECTS_THAT_END_IT)
def test_a_subject_that_asks_for_no_more_mail_is_heard(app, post, subject):
    (jo,) = guests(a_consultation(), post, "jo@example.org")
    head = f"From: jo@example.org\nTo: x@convoke.example\nIn-Reply-To: {jo.message.rfc_message_id}\n"
    row = receive(f"{head}Subject: {subject}\n\n".encode()).row
    assert (row.kind, row.state, row.outcome) == (Kind.UNSUBSCRIBE, InboxState.DONE, "unsubscribed")
    assert not db.session.get(Person, jo.person.id, populate_existing=True).wants_mailings


@pytest.mark.parametrize("subject", SUBJECTS_THAT_DO_NOT)
def test_a_subject_about_unsubscribing_is_left_to_people(subject):
    assert not wants_no_more_mail(subject, "", answers=True)


@pytest.mark.parametrize("words", ["unsubscribe", "Unsubscribe.", "Désabonnement", "STOP", "Please unsubscribe me"])
def test_one_word_in_answer_to_a_mail_of_ours_ends_them(app, post, words):
    (jo,) = guests(a_consultation(), post, "jo@example.org")
    below = "\n\nOn Wed, 2 Dec 2026, Convoke wrote:\n> You are invited."
    for number, answers in enumerate(["<made-up@example.net>", jo.message.rfc_message_id]):
        head = f"From: jo@example.org\nTo: x@convoke.example\nMessage-ID: <{number}@x>\nIn-Reply-To: {answers}\n"
        row = receive(f"{head}Subject: Re: Session 1\n\n{words}{below}\n".encode()).row
        assert (row.kind, row.outcome) == (Kind.UNSUBSCRIBE, "unsubscribed")
        assert row.state is (InboxState.DONE if number else InboxState.WAITING)
    assert not db.session.get(Person, jo.person.id, populate_existing=True).wants_mailings


@pytest.mark.parametrize(
    "words", ["unsubscribe me from the event but not from the list", "How do I unsubscribe?", "Remove me", "Stop the dam"]
)
def test_other_words_in_an_answer_do_not_end_mails(words):
    assert not wants_no_more_mail("Re: Session 1", words, answers=True)
    assert not wants_no_more_mail("Hello", "unsubscribe", answers=False)


@pytest.mark.parametrize(
    "words",
    [
        "please " * 170, "je vous prie de bien vouloir " * 40, "merci de " * 130, "veuillez bien vouloir " * 50, "thank you " * 110,
        "please send me the " + "online " * 160, "please send me the questionnaire" + " again" * 190, "send it to me " * 80,
    ],
)  # fmt: skip
def test_no_words_take_long_to_understand(words):
    began = time.process_time()
    asks_for_the_questionnaire(words, words[:1190])
    wants_no_more_mail(words, words[:1190], answers=True)
    assert time.process_time() - began < 1
