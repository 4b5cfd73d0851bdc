//! Polish.

use super::{Case, Parts, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "Plik dla Ciebie",
    heading_from: "Plik dla Ciebie od: {brand}",
    heading_resume: "Pobieranie nie zostało jeszcze ukończone",
    until: "Dostępny do",
    uses: "Pozostało użyć",
    uses_of: "{left} z {uses}",
    passphrase: "Hasło",
    passphrase_hint: "Nadawca przekazał Ci je inną drogą.",
    passphrase_wrong: "To nie jest właściwe hasło. Niczego nie zużyto; spróbuj ponownie.",
    download: "Pobierz",
    resume: "Kontynuuj pobieranie",
    resume_until: "Możesz je kontynuować do {when}. Nie zużywa to kolejnego użycia linku.",
    resume_open: "Możesz je kontynuować. Nie zużywa to kolejnego użycia linku.",
    resume_how: "Jeśli lista pobierania w przeglądarce pozwala wznowić plik, zrób to tam. W przeciwnym razie naciśnij przycisk.",
    note: "Przeglądarka zapisze plik. Jeśli pobieranie się przerwie, otwórz tę stronę ponownie w tej przeglądarce w ciągu {lease} i jeszcze raz naciśnij przycisk.",
    note_exchange: "To jednorazowa wymiana: przycisk wydaje jeden bezpośredni adres pliku, którego przez {seconds} może używać wielokrotnie każdy, kto go zna. Jeśli pobieranie przerwie się później, poproś nadawcę o nowy link.",
    parts: Parts {
        note: "Ta strona pobiera plik w częściach i je łączy; do tego czasu proszę zostawić ją otwartą. Jeśli pobieranie zostanie przerwane, proszę ponownie otworzyć tę stronę w tej przeglądarce w ciągu {lease} i jeszcze raz nacisnąć przycisk.",
        plain: "Plik jest większy niż to, co można tu wysłać w całości. Ta strona łączy go z części i potrzebuje do tego JavaScriptu oraz aktualnej przeglądarki. Bez nich plik pobierze to polecenie:",
        label: "Trwa pobieranie",
        figures: "{done} z {size}, {rate}, pozostało {left}",
        begin: "Pobieranie się rozpoczęło. Proszę zostawić tę stronę otwartą.",
        waiting: "Połączenie zostało przerwane. Trwa ponawianie próby.",
        checking: "Trwa sprawdzanie pliku.",
        finished: "Pobieranie zostało zakończone",
        done: "Plik jest kompletny.",
        verified: "Plik jest kompletny i nieuszkodzony; jego suma kontrolna się zgadza.",
        save: "Zapisz plik",
        broke: "Pobieranie zostało przerwane. Proszę nacisnąć przycisk, aby kontynuować od tego miejsca. Nic więcej nie zostanie zużyte.",
        full: "Brakuje wolnego miejsca na plik. Proszę zwolnić miejsce i nacisnąć przycisk, aby kontynuować.",
        damaged: "Plik został po drodze uszkodzony i nie nadaje się do użytku. Proszę nacisnąć przycisk, aby pobrać go od nowa.",
        beyond: "Ta przeglądarka nie może zapisać ze strony pliku tej wielkości. Nic nie zostało zużyte. Proszę otworzyć link w innej przeglądarce, na przykład w aktualnej wersji Chrome lub Edge na komputerze.",
    },
    starting: "Pobieranie się rozpoczyna. Przeglądarka pokazuje jego postęp.",
    imprint: "Informacje o dostawcy",
    ask_sender: "Poproś nadawcę o nowy link.",
    try_again: "Spróbuj ponownie",
    home: Case { title: "Pliki przekazywane jeden raz", text: "Aby otrzymać plik, otwórz przesłany Ci link. Nic więcej tu nie ma." },
    unknown: Case {
        title: "Nie ma takiego linku",
        text: "Być może adres nie został skopiowany w całości. Wielkie i małe litery mają znaczenie.",
    },
    spent: Case {
        title: "Ten link został już użyty",
        text: "Wszystkie jego pobrania zostały wykorzystane. Jeśli to Ty, w innej przeglądarce lub na innym urządzeniu, poszukaj pliku wśród tamtejszych pobranych.",
    },
    revoked: Case { title: "Ten link został wycofany", text: "Nadawca go unieważnił." },
    expired: Case { title: "Ten link wygasł", text: "Można było go użyć do {when}." },
    not_yet: Case { title: "Jest jeszcze za wcześnie", text: "Tego linku będzie można użyć od {when}." },
    completed: Case {
        title: "Plik został już pobrany",
        text: "To pobieranie zakończyło się w dniu {when}. Poszukaj pliku wśród pobranych w przeglądarce.",
    },
    lapsed: Case {
        title: "Na kontynuację jest już za późno",
        text: "To pobieranie zostało przerwane i można było je kontynuować do {when}.",
    },
    budget_spent: Case {
        title: "Tego pobierania nie można kontynuować",
        text: "Zaczynano je od nowa tak często, że wysłano ponad dwukrotność rozmiaru pliku.",
    },
    object_changed: Case {
        title: "Plik się zmienił", text: "Nie jest to już plik, który nadawca dla Ciebie wybrał. Niczego nie zużyto."
    },
    object_not_found: Case {
        title: "Tego pliku już nie ma", text: "Nie ma go już tam, gdzie umieścił go nadawca. Niczego nie zużyto."
    },
    address_not_allowed: Case {
        title: "Nie z tej sieci",
        text: "Ten link działa tylko z określonych sieci, na przykład firmowej. Połącz się z właściwą siecią albo zapytaj nadawcę.",
    },
    passphrase_needed: Case { title: "Potrzebne jest hasło", text: "Otwórz link ponownie i wpisz hasło otrzymane od nadawcy." },
    locked: Case {
        title: "Zbyt wiele prób podania hasła",
        text: "Zbyt wiele razy próbowano podać hasło. Niczego nie zużyto. Spróbuj ponownie za {wait}.",
    },
    too_many_requests: Case { title: "Chwileczkę", text: "Z Twojej sieci przyszło zbyt wiele żądań. Spróbuj ponownie za {wait}." },
    unavailable: Case {
        title: "Chwilowo niedostępne",
        text: "Pliku nie można w tej chwili pobrać. Niczego nie zużyto. Spróbuj użyć tego samego linku nieco później.",
    },
    internal: Case { title: "Coś poszło tu nie tak", text: "To nie Twoja wina. Spróbuj ponownie nieco później." },
    method_not_allowed: Case {
        title: "Tutaj to nie działa", text: "Otwórz przesłany Ci link i naciśnij znajdujący się tam przycisk."
    },
    cross_site: Case {
        title: "Wysłano z innej strony",
        text: "Dla Twojego bezpieczeństwa pobieranie zaczyna się tylko ze strony samego linku. Niczego nie zużyto. Otwórz sam link.",
    },
    range_required: Case {
        title: "Ten plik przychodzi w częściach",
        text: "Tylko własna strona linku może połączyć części. Proszę ponownie otworzyć link w tej przeglądarce, z włączonym JavaScriptem, i nacisnąć przycisk. Nic nie przepadło.",
    },
    other: Case { title: "Tego żądania nie można wykonać", text: "Szczegóły dla osoby, która je wysłała:" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ",",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}h",
};
