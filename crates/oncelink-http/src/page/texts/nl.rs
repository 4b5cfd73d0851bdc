//! Dutch.

use super::{Case, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "Een bestand voor u",
    heading_from: "{brand} heeft u een bestand gestuurd",
    heading_resume: "Uw download is nog niet klaar",
    until: "Beschikbaar tot",
    uses: "Nog mogelijk",
    uses_of: "{left} van {uses}",
    passphrase: "Wachtwoord",
    passphrase_hint: "De afzender heeft het u op een andere manier gegeven.",
    passphrase_wrong: "Dat was niet het juiste wachtwoord. Er is niets verbruikt; probeer het nog eens.",
    download: "Downloaden",
    resume: "Download hervatten",
    resume_until: "U kunt hem hervatten tot {when}. Dat verbruikt de link geen tweede keer.",
    resume_open: "U kunt hem hervatten. Dat verbruikt de link geen tweede keer.",
    resume_how: "Biedt de downloadlijst van uw browser aan het bestand te hervatten, doe het dan daar. Druk anders op de knop.",
    note: "Uw browser slaat het bestand op. Breekt de download af, open deze pagina dan binnen {lease} opnieuw in deze browser en druk nog eens op de knop.",
    note_exchange: "Dit is een eenmalige ruil: de knop geeft één direct adres van het bestand, dat {seconds} lang herbruikbaar is voor wie het heeft. Breekt de download daarna af, vraag de afzender dan om een nieuwe link.",
    starting: "De download begint. Uw browser laat zien hoever hij is.",
    imprint: "Over de aanbieder",
    ask_sender: "Vraag de afzender om een nieuwe link.",
    try_again: "Opnieuw proberen",
    home: Case {
        title: "Bestanden, één keer overhandigd",
        text: "Open de link die u is gestuurd om een bestand te ontvangen. Meer is hier niet te zien.",
    },
    unknown: Case {
        title: "Deze link bestaat niet",
        text: "Misschien is het adres niet helemaal gekopieerd. Hoofdletters en kleine letters maken verschil.",
    },
    spent: Case {
        title: "Deze link is al gebruikt",
        text: "Alle downloads ervan zijn vergeven. Was u het zelf, in een andere browser of op een ander apparaat, kijk dan daar bij de downloads.",
    },
    revoked: Case { title: "Deze link is ingetrokken", text: "De afzender heeft hem teruggenomen." },
    expired: Case { title: "Deze link is verlopen", text: "Hij kon worden gebruikt tot {when}." },
    not_yet: Case { title: "Het is nog te vroeg", text: "Deze link kan worden gebruikt vanaf {when}." },
    completed: Case {
        title: "Al gedownload",
        text: "Deze download is voltooid op {when}. Zoek het bestand bij de downloads van uw browser.",
    },
    lapsed: Case { title: "Hervatten kan niet meer", text: "Deze download is afgebroken en kon worden hervat tot {when}." },
    budget_spent: Case {
        title: "Deze download kan niet verder",
        text: "Hij is zo vaak opnieuw begonnen dat er meer dan tweemaal de grootte van het bestand is verzonden.",
    },
    object_changed: Case {
        title: "Het bestand is gewijzigd",
        text: "Het is niet meer het bestand dat de afzender voor u heeft gekozen. Er is niets verbruikt.",
    },
    object_not_found: Case {
        title: "Het bestand is er niet meer",
        text: "Het staat niet meer waar de afzender het had neergezet. Er is niets verbruikt.",
    },
    address_not_allowed: Case {
        title: "Niet vanaf dit netwerk",
        text: "Deze link werkt alleen vanaf bepaalde netwerken, zoals dat van een bedrijf. Maak verbinding met het juiste netwerk of vraag de afzender.",
    },
    passphrase_needed: Case {
        title: "Er is een wachtwoord nodig",
        text: "Open de link opnieuw en voer het wachtwoord in dat u van de afzender hebt gekregen.",
    },
    locked: Case {
        title: "Te veel wachtwoorden geprobeerd",
        text: "Er zijn te veel wachtwoorden geprobeerd. Er is niets verbruikt. Probeer het over {wait} opnieuw.",
    },
    too_many_requests: Case {
        title: "Een ogenblik, alstublieft",
        text: "Er kwamen te veel verzoeken vanaf uw netwerk. Probeer het over {wait} opnieuw.",
    },
    unavailable: Case {
        title: "Nu even niet beschikbaar",
        text: "Het bestand kan op dit moment niet worden opgehaald. Er is niets verbruikt. Probeer dezelfde link straks opnieuw.",
    },
    internal: Case { title: "Hier is iets misgegaan", text: "Het lag niet aan u. Probeer het straks opnieuw." },
    method_not_allowed: Case { title: "Dat werkt hier niet", text: "Open de link die u is gestuurd en druk op de knop." },
    cross_site: Case {
        title: "Vanaf een andere site verzonden",
        text: "Voor uw veiligheid begint een download alleen vanaf de pagina van de link zelf. Er is niets verbruikt. Open de link zelf.",
    },
    other: Case { title: "Dit verzoek kan niet worden uitgevoerd", text: "De bijzonderheden, voor wie het heeft gedaan:" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ",",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}uur",
};
