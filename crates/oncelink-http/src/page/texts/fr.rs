//! French.

use super::{Case, Parts, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "Un fichier pour vous",
    heading_from: "{brand} vous a envoyé un fichier",
    heading_resume: "Votre téléchargement n’est pas terminé",
    until: "Disponible jusqu’au",
    uses: "Utilisations restantes",
    uses_of: "{left} sur {uses}",
    passphrase: "Mot de passe",
    passphrase_hint: "L’expéditeur vous l’a communiqué par un autre moyen.",
    passphrase_wrong: "Ce n’est pas le bon mot de passe. Rien n’a été consommé ; veuillez réessayer.",
    download: "Télécharger",
    resume: "Reprendre le téléchargement",
    resume_until: "Vous pouvez le reprendre jusqu’au {when}, sans consommer d’autre utilisation du lien.",
    resume_open: "Vous pouvez le reprendre, sans consommer d’autre utilisation du lien.",
    resume_how: "Si la liste des téléchargements de votre navigateur propose de reprendre le fichier, faites-le là. Sinon, appuyez sur le bouton.",
    note: "Votre navigateur enregistre le fichier. Si le téléchargement s’interrompt, rouvrez cette page dans ce navigateur dans un délai de {lease} et appuyez de nouveau sur le bouton.",
    note_exchange: "Il s’agit d’un échange unique : le bouton donne une adresse directe du fichier, réutilisable pendant {seconds} par quiconque la possède. Si le téléchargement s’interrompt ensuite, demandez un nouveau lien à l’expéditeur.",
    parts: Parts {
        note: "Cette page récupère le fichier en plusieurs parties et les assemble ; laissez-la ouverte jusque-là. Si le téléchargement s’interrompt, rouvrez cette page dans ce navigateur dans un délai de {lease} et appuyez de nouveau sur le bouton.",
        plain: "Le fichier est plus grand que ce qui peut être envoyé ici en une fois. Cette page l’assemble à partir de plusieurs parties et a besoin pour cela de JavaScript et d’un navigateur récent. Sans eux, cette commande récupère le fichier :",
        label: "Téléchargement en cours",
        figures: "{done} sur {size}, {rate}, encore {left}",
        begin: "Le téléchargement a commencé. Veuillez laisser cette page ouverte.",
        waiting: "La connexion s’est interrompue. Une nouvelle tentative est en cours.",
        checking: "Le fichier est en cours de vérification.",
        finished: "Votre téléchargement est terminé",
        done: "Le fichier est complet.",
        verified: "Le fichier est complet et intact ; sa somme de contrôle est correcte.",
        save: "Enregistrer le fichier",
        broke: "Le téléchargement s’est interrompu. Appuyez sur le bouton pour continuer là où il s’est arrêté. Rien d’autre n’est consommé.",
        full: "Il n’y a pas assez d’espace libre pour le fichier. Libérez de la place et appuyez sur le bouton pour continuer.",
        damaged: "Le fichier a été endommagé en chemin et n’est pas utilisable. Appuyez sur le bouton pour le récupérer de nouveau.",
        beyond: "Ce navigateur ne peut pas enregistrer un fichier de cette taille depuis une page. Rien n’a été consommé. Veuillez ouvrir le lien dans un autre navigateur, par exemple une version récente de Chrome ou d’Edge sur un ordinateur.",
    },
    starting: "Le téléchargement commence. Votre navigateur en affiche la progression.",
    imprint: "Mentions légales",
    ask_sender: "Demandez un nouveau lien à l’expéditeur.",
    try_again: "Réessayer",
    home: Case {
        title: "Des fichiers remis une seule fois",
        text: "Pour recevoir un fichier, ouvrez le lien qui vous a été envoyé. Il n’y a rien d’autre à voir ici.",
    },
    unknown: Case {
        title: "Ce lien n’existe pas",
        text: "L’adresse n’a peut-être pas été copiée en entier. Les majuscules et les minuscules comptent.",
    },
    spent: Case {
        title: "Ce lien a déjà été utilisé",
        text: "Tous ses téléchargements ont été pris. Si c’était vous, dans un autre navigateur ou sur un autre appareil, cherchez le fichier dans les téléchargements de celui-ci.",
    },
    revoked: Case { title: "Ce lien a été retiré", text: "L’expéditeur l’a repris." },
    expired: Case { title: "Ce lien a expiré", text: "Il pouvait être utilisé jusqu’au {when}." },
    not_yet: Case { title: "Il est encore trop tôt", text: "Ce lien pourra être utilisé à partir du {when}." },
    completed: Case {
        title: "Déjà téléchargé",
        text: "Ce téléchargement s’est terminé le {when}. Cherchez le fichier parmi les téléchargements de votre navigateur.",
    },
    lapsed: Case {
        title: "Il est trop tard pour reprendre",
        text: "Ce téléchargement s’est interrompu et pouvait être repris jusqu’au {when}.",
    },
    budget_spent: Case {
        title: "Ce téléchargement ne peut pas continuer",
        text: "Il a été recommencé si souvent que plus de deux fois la taille du fichier a été envoyée.",
    },
    object_changed: Case {
        title: "Le fichier a été modifié",
        text: "Ce n’est plus celui que l’expéditeur a choisi pour vous. Rien n’a été consommé.",
    },
    object_not_found: Case {
        title: "Le fichier n’est plus là",
        text: "Il n’est plus à l’endroit où l’expéditeur l’avait mis. Rien n’a été consommé.",
    },
    address_not_allowed: Case {
        title: "Pas depuis ce réseau",
        text: "Ce lien ne fonctionne que depuis certains réseaux, celui d’une entreprise par exemple. Connectez-vous au bon réseau ou adressez-vous à l’expéditeur.",
    },
    passphrase_needed: Case {
        title: "Un mot de passe est nécessaire",
        text: "Rouvrez le lien et saisissez le mot de passe que l’expéditeur vous a donné.",
    },
    locked: Case {
        title: "Trop de mots de passe essayés",
        text: "Trop de mots de passe ont été essayés. Rien n’a été consommé. Veuillez réessayer dans {wait}.",
    },
    too_many_requests: Case {
        title: "Un instant, s’il vous plaît",
        text: "Trop de demandes sont venues de votre réseau. Veuillez réessayer dans {wait}.",
    },
    unavailable: Case {
        title: "Indisponible pour le moment",
        text: "Le fichier ne peut pas être obtenu pour l’instant. Rien n’a été consommé. Veuillez réessayer le même lien un peu plus tard.",
    },
    internal: Case { title: "Une erreur s’est produite ici", text: "Vous n’y êtes pour rien. Veuillez réessayer un peu plus tard." },
    method_not_allowed: Case {
        title: "Cela ne fonctionne pas ici",
        text: "Veuillez ouvrir le lien qui vous a été envoyé et appuyer sur son bouton.",
    },
    cross_site: Case {
        title: "Demande venue d’un autre site",
        text: "Pour votre protection, un téléchargement ne commence que depuis la page du lien elle-même. Rien n’a été consommé. Veuillez ouvrir le lien lui-même.",
    },
    range_required: Case {
        title: "Ce fichier arrive en plusieurs parties",
        text: "Seule la page du lien peut assembler les parties. Veuillez rouvrir le lien dans ce navigateur, avec JavaScript activé, et appuyer sur son bouton. Rien n’est perdu.",
    },
    other: Case { title: "Cette demande ne peut pas aboutir", text: "Les détails, pour la personne qui l’a faite :" },
    units: ["o", "ko", "Mo", "Go", "To"],
    decimal: ",",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}h",
};
