"""What is guessed of a letter before the team files it: who signed it, for whom, who got a copy, in which language."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.findings.signing import LONGEST_COPIES, guess


@pytest.mark.parametrize(
    ("text", "signatory", "copies"),
    [
        ("Dear all,\n\nText.\n\nSincerely,\n\nMaude Sinclair\nDirector", "Maude Sinclair", ""),
        ("Texte.\n\nCordialement,\nJean Roy\n\nc. c. : la ministre", "Jean Roy", "la ministre"),
        ("Veuillez agréer, Madame, mes salutations.\n\nLouise Cardinal", "Louise Cardinal", ""),
        ("No closing words at all", "Who Sent", ""),
        ("Regards,\nme@example.org", "Who Sent", ""),
        ("CC: A; B\nRegards,", "Who Sent", "A; B"),
        ("", "Who Sent", ""),
    ],
)
def test_who_signed_is_guessed_from_the_closing_words(text, signatory, copies):
    found = guess(text, "Who Sent")
    assert (found.signatory, found.copies) == (signatory, copies)


def test_for_whom_and_in_which_language_is_guessed_too():
    found = guess("Nous pensons que la pêche est pour tous.\n\nCordialement,\nJean Roy\nInstitut des lacs\nc.c. : X", "Who")
    assert (found.organization, found.language) == ("Institut des lacs", "fr")
    assert guess("We think that the rules of the lake are old.", "Who").language == "en"
    assert guess("Hm.", "Who").language == ""


@given(st.text(max_size=500))
def test_no_text_makes_the_guess_fail(text):
    assert len(guess(text, "x").signatory) <= 300


@pytest.mark.parametrize(
    ("closing", "below", "copies"),
    [
        ("Yours sincerely,", "Maria Silva\nPresident\nUnion of Makers", "c.c. Hon. A. Tremblay\n     B. Roy"),
        ("With thanks,", "Maria Silva\n(she/her)\nExecutive Director, Policy\nUnion of Makers", "cc: Hon. A. Tremblay;\n    B. Roy"),
        ("Best,", "Maria Silva\n613-555-0100\nmaria@example.org\nUnion of Makers", "Copies: Hon. A. Tremblay; B. Roy"),
        (
            "Je vous prie d’agréer, Madame la Ministre, l’expression de mes sentiments distingués.",
            "Maria Silva\nDirectrice générale\nUnion of Makers", "c. c. Hon. A. Tremblay\n      B. Roy",
        ),
        (
            "Veuillez agréer, Madame, l’expression de mes\nsentiments les meilleurs.",
            "Maria Silva\nUnion of Makers", "C.C. : Hon. A. Tremblay\n\tB. Roy",
        ),
        (
            "Nous vous prions de recevoir,\nMonsieur, nos salutations",
            "Maria Silva\n\nUnion of Makers", "Copie conforme à : Hon. A. Tremblay; B. Roy",
        ),
        ("Bien cordialement,", "Maria Silva\nConseillère principale\nUnion of Makers", "c.c.\u00a0: Hon. A. Tremblay; B. Roy"),
        ("Respectueusement,", "Maria Silva\nUnion of Makers", "cc Hon. A. Tremblay; B. Roy"),
    ],
)  # fmt: skip
def test_a_letter_is_read_as_letters_are_closed_in_both_languages(closing, below, copies):
    found = guess(f"Dear Minister,\n\nWe think so.\n\n{closing}\n\n{below}\n\n{copies}", "Who Sent")
    assert (found.signatory, found.organization, found.copies) == ("Maria Silva", "Union of Makers", "Hon. A. Tremblay; B. Roy")


@pytest.mark.parametrize("text", ["Je vous prie de noter que nous sommes d’accord.\nMerci", "Best practice matters.\nSo we think."])
def test_a_sentence_that_closes_nothing_is_no_closing(text):
    assert guess(text, "Who Sent").signatory == "Who Sent"


@pytest.mark.parametrize("line", ["c.c. x\n y", "Veuillez agréer\n", "cc: " + "x" * 300 + "\n " + "y" * 300 + "\n", "Best,\n", "a@b "])
def test_no_text_takes_longer_than_its_length(line):
    started = time.monotonic()
    assert len(guess(line * (200_000 // len(line)), "x").copies) <= LONGEST_COPIES
    assert time.monotonic() - started < 10
