//! Spanish.

use super::{Case, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "Un archivo para usted",
    heading_from: "{brand} le ha enviado un archivo",
    heading_resume: "Su descarga aún no ha terminado",
    until: "Disponible hasta",
    uses: "Usos restantes",
    uses_of: "{left} de {uses}",
    passphrase: "Contraseña",
    passphrase_hint: "El remitente se la ha comunicado por otro medio.",
    passphrase_wrong: "Esa no es la contraseña correcta. No se ha gastado nada; inténtelo de nuevo.",
    download: "Descargar",
    resume: "Continuar la descarga",
    resume_until: "Puede continuarla hasta el {when}, sin gastar otro uso del enlace.",
    resume_open: "Puede continuarla, sin gastar otro uso del enlace.",
    resume_how: "Si la lista de descargas de su navegador ofrece reanudar el archivo, hágalo allí. Si no, pulse el botón.",
    note: "Su navegador guarda el archivo. Si la descarga se interrumpe, vuelva a abrir esta página en este navegador en un plazo de {lease} y pulse de nuevo el botón.",
    note_exchange: "Es un intercambio único: el botón entrega una dirección directa del archivo, reutilizable durante {seconds} por quien la tenga. Si la descarga se interrumpe después, pida al remitente un enlace nuevo.",
    starting: "La descarga está comenzando. Su navegador muestra cómo avanza.",
    imprint: "Aviso legal",
    ask_sender: "Pida al remitente un enlace nuevo.",
    try_again: "Intentar de nuevo",
    home: Case {
        title: "Archivos entregados una sola vez",
        text: "Para recibir un archivo, abra el enlace que le han enviado. Aquí no hay nada más que ver.",
    },
    unknown: Case {
        title: "Este enlace no existe",
        text: "Quizá la dirección no se copió completa. Las mayúsculas y las minúsculas cuentan.",
    },
    spent: Case {
        title: "Este enlace ya se ha usado",
        text: "Todas sus descargas están tomadas. Si fue usted, en otro navegador o en otro dispositivo, busque el archivo en las descargas de allí.",
    },
    revoked: Case { title: "Este enlace fue retirado", text: "El remitente lo ha anulado." },
    expired: Case { title: "Este enlace ha caducado", text: "Se podía usar hasta el {when}." },
    not_yet: Case { title: "Todavía es pronto", text: "Este enlace se podrá usar a partir del {when}." },
    completed: Case {
        title: "Ya se ha descargado",
        text: "Esta descarga se completó el {when}. Busque el archivo entre las descargas de su navegador.",
    },
    lapsed: Case { title: "Ya no es posible continuar", text: "Esta descarga se interrumpió y se podía continuar hasta el {when}." },
    budget_spent: Case {
        title: "Esta descarga no puede seguir",
        text: "Se ha vuelto a empezar tantas veces que se ha enviado más del doble del tamaño del archivo.",
    },
    object_changed: Case {
        title: "El archivo ha cambiado",
        text: "Ya no es el que el remitente eligió para usted. No se ha gastado nada.",
    },
    object_not_found: Case {
        title: "El archivo ya no está",
        text: "Ya no se encuentra donde el remitente lo puso. No se ha gastado nada.",
    },
    address_not_allowed: Case {
        title: "No desde esta red",
        text: "Este enlace solo funciona desde ciertas redes, por ejemplo la de una empresa. Conéctese a la adecuada o consulte al remitente.",
    },
    passphrase_needed: Case {
        title: "Se necesita una contraseña",
        text: "Abra de nuevo el enlace e introduzca la contraseña que le dio el remitente.",
    },
    locked: Case {
        title: "Demasiadas contraseñas probadas",
        text: "Se han probado demasiadas contraseñas. No se ha gastado nada. Inténtelo de nuevo dentro de {wait}.",
    },
    too_many_requests: Case {
        title: "Un momento, por favor",
        text: "Han llegado demasiadas solicitudes desde su red. Inténtelo de nuevo dentro de {wait}.",
    },
    unavailable: Case {
        title: "No disponible en este momento",
        text: "Ahora mismo no se puede obtener el archivo. No se ha gastado nada. Pruebe el mismo enlace un poco más tarde.",
    },
    internal: Case { title: "Algo ha fallado aquí", text: "No ha sido culpa suya. Inténtelo de nuevo un poco más tarde." },
    method_not_allowed: Case { title: "Esto no funciona aquí", text: "Abra el enlace que le han enviado y pulse su botón." },
    cross_site: Case {
        title: "Enviado desde otro sitio",
        text: "Para su protección, una descarga solo comienza desde la propia página del enlace. No se ha gastado nada. Abra el enlace directamente.",
    },
    other: Case { title: "No se puede atender esta solicitud", text: "Los detalles, para quien la hizo:" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ",",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}h",
};
