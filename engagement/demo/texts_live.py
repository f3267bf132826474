"""What the consultation to try things in says, in English and French."""

from __future__ import annotations

from engagement.kernel.bilingual import Text

NBSP = "\u00a0"

CONSULTATION: dict[str, Text] = {
    "title": Text("Industry engagement on ethical procurement", "Mobilisation de l’industrie sur l’approvisionnement éthique"),
    "lead": Text("Public Services and Procurement Canada", "Services publics et Approvisionnement Canada"),
    "why": Text(
        "What government buys should not be made by people who were forced to make it. Suppliers know their chains best, and rules "
        "work only if they can be kept.",
        "Ce que l’État achète ne devrait pas être fabriqué sous la contrainte. Les fournisseurs connaissent mieux que quiconque leurs "
        "chaînes, et des règles ne valent que si on peut les respecter.",
    ),
    "who": Text(
        "Suppliers of every size, industry associations, researchers, unions, and organizations that support workers.",
        "Les fournisseurs de toute taille, les associations de l’industrie, le milieu de la recherche, les syndicats et les organismes "
        "qui soutiennent les travailleuses et travailleurs.",
    ),
    "what": Text(
        "How to find forced labour in a supply chain, what a contract should ask for, and what smaller suppliers need to do it.",
        "Comment déceler le travail forcé dans une chaîne d’approvisionnement, ce qu’un contrat devrait exiger et ce dont les petits "
        "fournisseurs ont besoin pour y arriver.",
    ),
    "contact": Text("Write to or call the engagement team on working days.", "Écrivez à l’équipe ou téléphonez-lui les jours ouvrables."),
    "support_line": Text(
        "Somebody to talk to, day and night, free of charge: 1-800-555-0100.",
        f"Quelqu’un à qui parler, jour et nuit, sans frais{NBSP}: 1-800-555-0100.",
    ),
    "privacy_notice": Text(
        "Why we ask: to write rules for ethical procurement. Only the engagement team sees your name and your answers; the report "
        "names nobody. The law can oblige us to share what concerns a child in danger, and a court can order us to produce records. "
        "Taking part is your choice. To see or correct what we hold about you, or to complain, write to the team; you can also turn "
        "to the Privacy Commissioner.",
        f"Pourquoi nous vous consultons{NBSP}: pour rédiger des règles d’approvisionnement éthique. Seule l’équipe voit votre nom et vos "
        "réponses; le rapport ne nomme personne. La loi peut nous obliger à signaler ce qui touche un enfant en danger, et un tribunal "
        "peut exiger nos documents. Vous participez librement. Pour consulter ou corriger ce que nous détenons à votre sujet, ou pour "
        "vous plaindre, écrivez à l’équipe; vous pouvez aussi vous adresser au Commissariat à la protection de la vie privée.",
    ),
}
PAPER = {
    "en": ("Background paper", "background-paper.pdf", [
        "Demonstration only: this paper and all people in this consultation are invented.", "",
        "1. What ethical procurement means.", "2. What suppliers are asked for today.", "3. Questions for the sessions.",
    ]),
    "fr": ("Document d’information", "document-information.pdf", [
        "Démonstration seulement\u00a0: ce document et toutes les personnes de cette consultation sont inventés.", "",
        "1. Ce qu’est l’approvisionnement éthique.", "2. Ce qu’on demande aux fournisseurs aujourd’hui.", "3. Questions pour les séances.",
    ]),
}  # fmt: skip
GATINEAU: dict[str, Text] = {
    "title": Text("Session 1: knowing your supply chain", f"Séance 1{NBSP}: connaître sa chaîne d’approvisionnement"),
    "venue": Text("Portage conference centre, Gatineau, Quebec", "Centre de conférences du Portage, Gatineau (Québec)"),
    "access": Text(
        "Step-free entrance on the river side, lift, quiet room on the second floor.",
        "Entrée de plain-pied du côté de la rivière, ascenseur, salle calme au deuxième étage.",
    ),
    "about": Text(
        "A guest speaker, what the department plans, and a panel that answers your questions.",
        "Une conférence, les projets du ministère et un groupe d’experts qui répond à vos questions.",
    ),
}
VANCOUVER: dict[str, Text] = {
    "title": Text("Session 2: what contracts should ask for", f"Séance 2{NBSP}: ce que les contrats devraient exiger"),
    "venue": Text("Harbour meeting rooms, Vancouver, British Columbia", "Salles de réunion du Port, Vancouver (Colombie-Britannique)"),
    "access": Text("Step-free, lift, seats near the door on request.", "De plain-pied, ascenseur, sièges près de la porte sur demande."),
    "about": Text(
        "The same three parts, with speakers from the west coast.",
        "Les trois mêmes volets, avec des conférencières et conférenciers de la côte ouest.",
    ),
}
# What, from and to which minute, and its title.
AGENDA: tuple[tuple[str, int, int, Text], ...] = (
    ("welcome", 0, 10, Text("Welcome", "Mot de bienvenue")),
    (
        "guest_speaker",
        10,
        40,
        Text("Guest speaker: following one shirt to its origin", f"Conférence{NBSP}: suivre une chemise jusqu’à son origine"),
    ),
    (
        "presentation",
        40,
        65,
        Text("The department’s plan for ethical procurement", "Le plan du ministère pour l’approvisionnement éthique"),
    ),
    ("break", 65, 75, Text("Break", "Pause")),
    (
        "panel",
        75,
        120,
        Text(
            "Panel: government, industry, academia and civil society",
            f"Groupe d’experts{NBSP}: gouvernement, industrie, recherche et société civile",
        ),
    ),
)
BATCHES = ("Suppliers", "Researchers and civil society")
