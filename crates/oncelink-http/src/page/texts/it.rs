//! Italian.

use super::{Case, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "Un file per Lei",
    heading_from: "{brand} Le ha inviato un file",
    heading_resume: "Il download non è ancora finito",
    until: "Disponibile fino al",
    uses: "Utilizzi rimasti",
    uses_of: "{left} di {uses}",
    passphrase: "Password",
    passphrase_hint: "Il mittente gliel’ha comunicata per altra via.",
    passphrase_wrong: "Non è la password giusta. Non è stato consumato nulla; riprovi, per favore.",
    download: "Scarica",
    resume: "Continua il download",
    resume_until: "Può continuarlo fino al giorno {when}, senza consumare un altro utilizzo del link.",
    resume_open: "Può continuarlo, senza consumare un altro utilizzo del link.",
    resume_how: "Se l’elenco dei download del browser propone di riprendere il file, lo faccia da lì. Altrimenti prema il pulsante.",
    note: "Il browser salva il file. Se il download si interrompe, riapra questa pagina in questo browser entro {lease} e prema di nuovo il pulsante.",
    note_exchange: "È uno scambio unico: il pulsante fornisce un indirizzo diretto del file, riutilizzabile per {seconds} da chiunque lo possieda. Se in seguito il download si interrompe, chieda al mittente un nuovo link.",
    starting: "Il download sta iniziando. Il browser ne mostra l’avanzamento.",
    imprint: "Note legali",
    ask_sender: "Chieda al mittente un nuovo link.",
    try_again: "Riprova",
    home: Case {
        title: "File consegnati una sola volta",
        text: "Per ricevere un file, apra il link che Le è stato inviato. Qui non c’è altro da vedere.",
    },
    unknown: Case {
        title: "Questo link non esiste",
        text: "Forse l’indirizzo non è stato copiato per intero. Maiuscole e minuscole fanno differenza.",
    },
    spent: Case {
        title: "Questo link è già stato usato",
        text: "Tutti i suoi download sono stati presi. Se è stato Lei, in un altro browser o su un altro dispositivo, cerchi il file tra i download di quello.",
    },
    revoked: Case { title: "Questo link è stato ritirato", text: "Il mittente lo ha annullato." },
    expired: Case { title: "Questo link è scaduto", text: "Si poteva usare fino al giorno {when}." },
    not_yet: Case { title: "È ancora presto", text: "Questo link si potrà usare a partire dal giorno {when}." },
    completed: Case {
        title: "Già scaricato",
        text: "Questo download è stato completato il giorno {when}. Cerchi il file tra i download del browser.",
    },
    lapsed: Case {
        title: "È troppo tardi per continuare",
        text: "Questo download si è interrotto e si poteva continuare fino al giorno {when}.",
    },
    budget_spent: Case {
        title: "Questo download non può continuare",
        text: "È stato ricominciato così spesso che è stato inviato più del doppio della dimensione del file.",
    },
    object_changed: Case {
        title: "Il file è cambiato",
        text: "Non è più quello che il mittente ha scelto per Lei. Non è stato consumato nulla.",
    },
    object_not_found: Case {
        title: "Il file non c’è più",
        text: "Non si trova più dove il mittente lo aveva messo. Non è stato consumato nulla.",
    },
    address_not_allowed: Case {
        title: "Non da questa rete",
        text: "Questo link funziona solo da certe reti, per esempio quella di un’azienda. Si colleghi a quella giusta o si rivolga al mittente.",
    },
    passphrase_needed: Case { title: "Serve una password", text: "Riapra il link e inserisca la password che ha ricevuto dal mittente." },
    locked: Case {
        title: "Troppe password provate",
        text: "Sono state provate troppe password. Non è stato consumato nulla. Riprovi tra {wait}.",
    },
    too_many_requests: Case { title: "Un momento, per favore", text: "Dalla Sua rete sono arrivate troppe richieste. Riprovi tra {wait}." },
    unavailable: Case {
        title: "Al momento non disponibile",
        text: "Per ora non è possibile ottenere il file. Non è stato consumato nulla. Riprovi lo stesso link un po’ più tardi.",
    },
    internal: Case { title: "Qui qualcosa è andato storto", text: "Non è colpa Sua. Riprovi un po’ più tardi." },
    method_not_allowed: Case { title: "Qui non funziona", text: "Apra il link che Le è stato inviato e prema il suo pulsante." },
    cross_site: Case {
        title: "Inviato da un altro sito",
        text: "Per la Sua protezione un download inizia solo dalla pagina del link stesso. Non è stato consumato nulla. Apra direttamente il link.",
    },
    other: Case { title: "Questa richiesta non può essere eseguita", text: "I dettagli, per chi l’ha fatta:" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ",",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}h",
};
