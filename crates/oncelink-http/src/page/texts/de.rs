//! German.

use super::{Case, Parts, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "Eine Datei für Sie",
    heading_from: "{brand} hat Ihnen eine Datei geschickt",
    heading_resume: "Ihr Download ist noch nicht fertig",
    until: "Verfügbar bis",
    uses: "Noch möglich",
    uses_of: "{left} von {uses}",
    passphrase: "Passwort",
    passphrase_hint: "Der Absender hat es Ihnen auf anderem Weg mitgeteilt.",
    passphrase_wrong: "Das war nicht das richtige Passwort. Es wurde nichts verbraucht; bitte versuchen Sie es noch einmal.",
    download: "Herunterladen",
    resume: "Download fortsetzen",
    resume_until: "Sie können ihn bis zum {when} fortsetzen. Das verbraucht den Link kein weiteres Mal.",
    resume_open: "Sie können ihn fortsetzen. Das verbraucht den Link kein weiteres Mal.",
    resume_how: "Wenn die Downloadliste Ihres Browsers das Fortsetzen anbietet, tun Sie es dort. Sonst drücken Sie den Knopf.",
    note: "Ihr Browser speichert die Datei. Bricht der Download ab, öffnen Sie diese Seite innerhalb von {lease} in diesem Browser wieder und drücken den Knopf noch einmal.",
    note_exchange: "Dies ist ein einmaliger Tausch: Der Knopf gibt eine direkte Adresse der Datei heraus, die {seconds} lang von jedem, der sie hat, mehrfach benutzt werden kann. Bricht der Download danach ab, bitten Sie den Absender um einen neuen Link.",
    parts: Parts {
        note: "Diese Seite holt die Datei in Teilen und setzt sie zusammen; lassen Sie sie bis dahin offen. Bricht der Download ab, öffnen Sie diese Seite innerhalb von {lease} in diesem Browser wieder und drücken den Knopf noch einmal.",
        plain: "Die Datei ist größer, als hier in einem Stück gesendet werden kann. Diese Seite setzt sie aus Teilen zusammen und braucht dafür JavaScript und einen aktuellen Browser. Ohne sie holt dieser Befehl die Datei:",
        label: "Download läuft",
        figures: "{done} von {size}, {rate}, noch {left}",
        begin: "Der Download hat begonnen. Bitte lassen Sie diese Seite offen.",
        waiting: "Die Verbindung ist abgebrochen. Es wird erneut versucht.",
        checking: "Die Datei wird geprüft.",
        finished: "Ihr Download ist fertig",
        done: "Die Datei ist vollständig.",
        verified: "Die Datei ist vollständig und unbeschädigt; ihre Prüfsumme stimmt.",
        save: "Datei speichern",
        broke: "Der Download ist abgebrochen. Drücken Sie den Knopf, um dort weiterzumachen, wo er aufgehört hat. Es wird nichts weiter verbraucht.",
        full: "Für die Datei ist nicht genug Speicherplatz frei. Schaffen Sie Platz und drücken Sie den Knopf, um weiterzumachen.",
        damaged: "Die Datei wurde unterwegs beschädigt und ist nicht brauchbar. Drücken Sie den Knopf, um sie neu zu holen.",
        beyond: "Dieser Browser kann eine Datei dieser Größe nicht aus einer Seite heraus speichern. Es wurde nichts verbraucht. Bitte öffnen Sie den Link in einem anderen Browser, etwa einem aktuellen Chrome oder Edge auf einem Computer.",
    },
    starting: "Der Download beginnt. Ihr Browser zeigt, wie weit er ist.",
    imprint: "Impressum",
    ask_sender: "Bitten Sie den Absender um einen neuen Link.",
    try_again: "Noch einmal versuchen",
    home: Case {
        title: "Dateien, einmal übergeben",
        text: "Um eine Datei zu erhalten, öffnen Sie den Link, den man Ihnen geschickt hat. Mehr gibt es hier nicht zu sehen.",
    },
    unknown: Case {
        title: "Diesen Link gibt es nicht",
        text: "Vielleicht wurde die Adresse nicht vollständig kopiert. Groß- und Kleinschreibung macht einen Unterschied.",
    },
    spent: Case {
        title: "Dieser Link wurde schon benutzt",
        text: "Alle seine Downloads sind vergeben. Waren Sie es selbst, in einem anderen Browser oder auf einem anderen Gerät, dann sehen Sie dort bei den Downloads nach.",
    },
    revoked: Case { title: "Dieser Link wurde zurückgezogen", text: "Der Absender hat ihn zurückgenommen." },
    expired: Case { title: "Dieser Link ist abgelaufen", text: "Er konnte bis zum {when} benutzt werden." },
    not_yet: Case { title: "Es ist noch zu früh", text: "Dieser Link kann ab dem {when} benutzt werden." },
    completed: Case {
        title: "Bereits heruntergeladen",
        text: "Dieser Download wurde am {when} abgeschlossen. Suchen Sie die Datei bei den Downloads Ihres Browsers.",
    },
    lapsed: Case {
        title: "Zum Fortsetzen ist es zu spät",
        text: "Dieser Download ist abgebrochen und konnte bis zum {when} fortgesetzt werden.",
    },
    budget_spent: Case {
        title: "Dieser Download kann nicht weitergehen",
        text: "Er wurde so oft neu begonnen, dass mehr als das Doppelte der Datei gesendet wurde.",
    },
    object_changed: Case {
        title: "Die Datei wurde geändert",
        text: "Sie ist nicht mehr die, die der Absender für Sie ausgewählt hat. Es wurde nichts verbraucht.",
    },
    object_not_found: Case {
        title: "Die Datei ist nicht mehr da",
        text: "Sie liegt nicht mehr dort, wo der Absender sie abgelegt hat. Es wurde nichts verbraucht.",
    },
    address_not_allowed: Case {
        title: "Nicht aus diesem Netz",
        text: "Dieser Link funktioniert nur aus bestimmten Netzen, etwa dem einer Firma. Verbinden Sie sich mit dem richtigen, oder fragen Sie den Absender.",
    },
    passphrase_needed: Case {
        title: "Ein Passwort ist nötig",
        text: "Öffnen Sie den Link noch einmal und geben Sie das Passwort ein, das Sie vom Absender haben.",
    },
    locked: Case {
        title: "Zu viele Passwörter probiert",
        text: "Es wurden zu viele Passwörter probiert. Verbraucht wurde nichts. Bitte versuchen Sie es in {wait} noch einmal.",
    },
    too_many_requests: Case {
        title: "Einen Moment, bitte",
        text: "Aus Ihrem Netz kamen zu viele Anfragen. Bitte versuchen Sie es in {wait} noch einmal.",
    },
    unavailable: Case {
        title: "Gerade nicht verfügbar",
        text: "Die Datei ist im Augenblick nicht zu erreichen. Es wurde nichts verbraucht. Bitte versuchen Sie denselben Link etwas später noch einmal.",
    },
    internal: Case {
        title: "Hier ist etwas schiefgegangen",
        text: "Es lag nicht an Ihnen. Bitte versuchen Sie es etwas später noch einmal.",
    },
    method_not_allowed: Case {
        title: "Das geht hier nicht",
        text: "Bitte öffnen Sie den Link, den man Ihnen geschickt hat, und drücken Sie seinen Knopf.",
    },
    cross_site: Case {
        title: "Von einer anderen Seite gesendet",
        text: "Zu Ihrem Schutz beginnt ein Download nur von der eigenen Seite des Links aus. Es wurde nichts verbraucht. Bitte öffnen Sie den Link selbst.",
    },
    range_required: Case {
        title: "Diese Datei kommt in Teilen",
        text: "Nur die eigene Seite des Links kann die Teile zusammensetzen. Bitte öffnen Sie den Link noch einmal in diesem Browser, mit eingeschaltetem JavaScript, und drücken Sie seinen Knopf. Es ist nichts verloren.",
    },
    other: Case { title: "Diese Anfrage lässt sich nicht ausführen", text: "Einzelheiten für den, der sie gestellt hat:" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ",",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}h",
};
