//! Portuguese, as in Brazil.

use super::{Case, Parts, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "Um arquivo para você",
    heading_from: "{brand} enviou um arquivo para você",
    heading_resume: "Seu download ainda não terminou",
    until: "Disponível até",
    uses: "Usos restantes",
    uses_of: "{left} de {uses}",
    passphrase: "Senha",
    passphrase_hint: "O remetente informou a senha a você por outro meio.",
    passphrase_wrong: "Essa não é a senha correta. Nada foi gasto; tente novamente.",
    download: "Baixar",
    resume: "Continuar o download",
    resume_until: "Você pode continuá-lo até {when}, sem gastar outro uso do link.",
    resume_open: "Você pode continuá-lo, sem gastar outro uso do link.",
    resume_how: "Se a lista de downloads do seu navegador oferecer a retomada do arquivo, faça isso por lá. Caso contrário, pressione o botão.",
    note: "Seu navegador salva o arquivo. Se o download for interrompido, abra esta página de novo neste navegador em até {lease} e pressione o botão outra vez.",
    note_exchange: "Trata-se de uma troca única: o botão entrega um endereço direto do arquivo, reutilizável por {seconds} por quem o tiver. Se o download for interrompido depois disso, peça um novo link ao remetente.",
    parts: Parts {
        note: "Esta página busca o arquivo em partes e as reúne; deixe-a aberta até lá. Se o download for interrompido, abra esta página novamente neste navegador dentro de {lease} e pressione o botão outra vez.",
        plain: "O arquivo é maior do que pode ser enviado aqui de uma só vez. Esta página o reúne a partir de várias partes e precisa para isso de JavaScript e de um navegador atual. Sem eles, este comando busca o arquivo:",
        label: "Baixando",
        figures: "{done} de {size}, {rate}, faltam {left}",
        begin: "O download começou. Deixe esta página aberta.",
        waiting: "A conexão foi interrompida. Uma nova tentativa está em andamento.",
        checking: "O arquivo está sendo verificado.",
        finished: "Seu download terminou",
        done: "O arquivo está completo.",
        verified: "O arquivo está completo e sem danos; sua soma de verificação está correta.",
        save: "Salvar o arquivo",
        broke: "O download foi interrompido. Pressione o botão para continuar de onde parou. Nada mais é consumido.",
        full: "Não há espaço livre suficiente para o arquivo. Libere espaço e pressione o botão para continuar.",
        damaged: "O arquivo foi danificado no caminho e não pode ser usado. Pressione o botão para buscá-lo novamente.",
        beyond: "Este navegador não consegue salvar a partir de uma página um arquivo deste tamanho. Nada foi consumido. Abra o link em outro navegador, como uma versão atual do Chrome ou do Edge em um computador.",
    },
    starting: "O download está começando. Seu navegador mostra o andamento.",
    imprint: "Informações legais",
    ask_sender: "Peça um novo link ao remetente.",
    try_again: "Tentar novamente",
    home: Case {
        title: "Arquivos entregues uma única vez",
        text: "Para receber um arquivo, abra o link que enviaram a você. Não há mais nada para ver aqui.",
    },
    unknown: Case {
        title: "Este link não existe",
        text: "Talvez o endereço não tenha sido copiado por inteiro. Letras maiúsculas e minúsculas fazem diferença.",
    },
    spent: Case {
        title: "Este link já foi usado",
        text: "Todos os seus downloads já foram feitos. Se foi você, em outro navegador ou em outro aparelho, procure o arquivo nos downloads de lá.",
    },
    revoked: Case { title: "Este link foi retirado", text: "O remetente o cancelou." },
    expired: Case { title: "Este link expirou", text: "Ele podia ser usado até {when}." },
    not_yet: Case { title: "Ainda é cedo", text: "Este link poderá ser usado a partir de {when}." },
    completed: Case {
        title: "Já foi baixado",
        text: "Este download foi concluído em {when}. Procure o arquivo entre os downloads do seu navegador.",
    },
    lapsed: Case { title: "O prazo para continuar acabou", text: "Este download foi interrompido e podia ser continuado até {when}." },
    budget_spent: Case {
        title: "Este download não pode continuar",
        text: "Ele foi recomeçado tantas vezes que mais do dobro do tamanho do arquivo já foi enviado.",
    },
    object_changed: Case {
        title: "O arquivo foi alterado", text: "Ele não é mais o que o remetente escolheu para você. Nada foi gasto."
    },
    object_not_found: Case {
        title: "O arquivo não está mais lá", text: "Ele não está mais onde o remetente o colocou. Nada foi gasto."
    },
    address_not_allowed: Case {
        title: "Não a partir desta rede",
        text: "Este link só funciona em certas redes, como a de uma empresa. Conecte-se à rede certa ou fale com o remetente.",
    },
    passphrase_needed: Case {
        title: "É necessária uma senha",
        text: "Abra o link novamente e digite a senha que o remetente informou a você.",
    },
    locked: Case {
        title: "Senhas demais foram tentadas",
        text: "Senhas demais foram tentadas. Nada foi gasto. Tente novamente daqui a {wait}.",
    },
    too_many_requests: Case {
        title: "Um momento, por favor",
        text: "Chegaram pedidos demais da sua rede. Tente novamente daqui a {wait}.",
    },
    unavailable: Case {
        title: "Indisponível no momento",
        text: "Não é possível obter o arquivo agora. Nada foi gasto. Tente o mesmo link de novo um pouco mais tarde.",
    },
    internal: Case { title: "Algo deu errado aqui", text: "A culpa não foi sua. Tente novamente um pouco mais tarde." },
    method_not_allowed: Case { title: "Isso não funciona aqui", text: "Abra o link que enviaram a você e pressione o botão dele." },
    cross_site: Case {
        title: "Enviado de outro site",
        text: "Para sua proteção, um download só começa na própria página do link. Nada foi gasto. Abra o link diretamente.",
    },
    range_required: Case {
        title: "Este arquivo chega em partes",
        text: "Somente a página do link pode reunir as partes. Abra o link novamente neste navegador, com o JavaScript ativado, e pressione o botão. Nada se perdeu.",
    },
    other: Case { title: "Este pedido não pode ser atendido", text: "Os detalhes, para quem o fez:" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ",",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}h",
};
