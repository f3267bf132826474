"""Invented answers to the written questions of the standard questionnaire, by question."""

from __future__ import annotations

WRITTEN: dict[str, dict[str, tuple[str, ...]]] = {
    "pillars_change": {
        "en": (
            "Add empowerment as a pillar of its own.",
            "Let partnerships come first; the others rest on it.",
            "Measure each pillar and say so every year.",
        ),
        "fr": ("Ajouter l’autonomisation comme pilier distinct.", "Mesurer chaque pilier et en rendre compte chaque année."),
    },
    "coordination": {
        "en": (
            "A regional coordinator who knows everybody by their first name.",
            "One secretariat that stays when governments change.",
            "Monthly calls with minutes that people may quote.",
        ),
        "fr": ("Une coordination régionale connue de tout le monde.", "Un secrétariat qui demeure d’un gouvernement à l’autre."),
    },
    "how_identified": {
        "en": (
            "Mostly by chance, in an emergency room.",
            "Through outreach workers who are there every evening.",
            "They come with another problem first.",
        ),
        "fr": ("Le plus souvent par hasard, aux urgences.", "Par les intervenantes présentes chaque soir."),
    },
    "interventions": {
        "en": (
            "A place to stay with no questions for thirty days.",
            "Peer support by people who have been there.",
            "Going along to every appointment.",
        ),
        "fr": ("Un toit pendant trente jours, sans questions.", "L’accompagnement à chaque rendez-vous."),
    },
    "which_sources": {
        "en": ("Our own intake forms.", "Hospital records, where we are let in.", "A yearly count by the city."),
        "fr": ("Nos propres fiches d’accueil.", "Un dénombrement annuel de la ville."),
    },
    "marginalized": {
        "en": ("Let them design the questions.", "Pay for the time that people give.", "Publish nothing that points to a small place."),
        "fr": ("Les laisser concevoir les questions.", "Rémunérer le temps que les gens donnent."),
    },
    "labour_demand": {
        "en": ("Legal clinics at the farm gate.", "A help line that answers in five languages.", "None that we know of."),
        "fr": ("Des cliniques juridiques près des fermes.", "Aucun à notre connaissance."),
    },
    "private_sector": {
        "en": ("Know the second supplier, not only the first.", "Train every manager of a night shift.", "Open the books to inspectors."),
        "fr": ("Connaître le deuxième fournisseur, pas seulement le premier.", "Former les gestionnaires des équipes de nuit."),
    },
    "trust": {
        "en": (
            "The same two officers for three years.",
            "Come without the uniform, and come back.",
            "Keep immigration out of the first talk.",
        ),
        "fr": ("Les deux mêmes agents pendant trois ans.", "Venir sans uniforme, puis revenir."),
    },
    "luring": {
        "en": (
            "Videos made by teenagers for teenagers.",
            "Evenings for parents at the school.",
            "A button to report in every application.",
        ),
        "fr": ("Des vidéos faites par des jeunes pour des jeunes.", "Des soirées pour les parents à l’école."),
    },
    "luring_resources": {
        "en": ("A guide for parents of six pages.", "A text line for young people."),
        "fr": ("Un guide de six pages pour les parents.", "Une ligne texto pour les jeunes."),
    },
    "further": {
        "en": (
            "Thank you for asking. Please tell us what came of it.",
            "Write the report so that our clients can read it.",
            "Come back in two years and ask again.",
        ),
        "fr": ("Merci de nous avoir consultés. Dites-nous ce qui en aura résulté.", "Revenez dans deux ans poser les mêmes questions."),
    },
}
