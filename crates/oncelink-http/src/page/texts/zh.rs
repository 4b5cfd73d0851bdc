//! Chinese, in simplified characters.

use super::{Case, Parts, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "您有一个文件",
    heading_from: "{brand} 给您发送了一个文件",
    heading_resume: "您的下载尚未完成",
    until: "有效期至",
    uses: "剩余次数",
    uses_of: "{left}（共 {uses}）",
    passphrase: "密码",
    passphrase_hint: "发送者已通过其他方式将密码告知您。",
    passphrase_wrong: "密码不正确。次数未被扣除，请重试。",
    download: "下载",
    resume: "继续下载",
    resume_until: "在 {when} 之前，您可以继续下载，不会再次扣除链接的次数。",
    resume_open: "您可以继续下载，不会再次扣除链接的次数。",
    resume_how: "如果浏览器的下载列表中可以恢复该文件，请在那里恢复；否则请按下面的按钮。",
    note: "浏览器会保存该文件。如果下载中断，请在 {lease}内用此浏览器重新打开本页面，并再次按下按钮。",
    note_exchange: "这是一次性交换：按下按钮后会给出该文件的一个直接地址，任何持有该地址的人在 {seconds}内都可以重复使用。如果此后下载中断，请向发送者索取新链接。",
    parts: Parts {
        note: "本页面会分段获取文件并将其合并；在完成之前请保持页面打开。如果下载中断，请在 {lease}内用此浏览器重新打开本页面，并再次按下按钮。",
        plain: "该文件超过了此处一次可发送的大小。本页面会分段获取并合并文件，为此需要 JavaScript 和较新的浏览器。如果没有，可用以下命令获取该文件：",
        label: "正在下载",
        figures: "{done} / {size}，{rate}，剩余 {left}",
        begin: "下载已开始。请保持本页面打开。",
        waiting: "连接已中断，正在重试。",
        checking: "正在检查文件。",
        finished: "您的下载已完成",
        done: "文件已完整。",
        verified: "文件完整且未损坏，校验和正确。",
        save: "保存文件",
        broke: "下载已中断。请按下按钮，从中断处继续。不会再扣除次数。",
        full: "可用空间不足，无法保存该文件。请腾出空间，然后按下按钮继续。",
        damaged: "文件在传输途中损坏，无法使用。请按下按钮重新获取。",
        beyond: "此浏览器无法从页面保存这么大的文件。次数未被扣除。请用其他浏览器打开链接，例如电脑上的新版 Chrome 或 Edge。",
    },
    starting: "下载即将开始，浏览器会显示进度。",
    imprint: "关于服务提供者",
    ask_sender: "请向发送者索取新链接。",
    try_again: "重试",
    home: Case { title: "只交付一次的文件", text: "要接收文件，请打开您收到的链接。这里没有其他内容。" },
    unknown: Case { title: "此链接不存在", text: "地址可能没有复制完整。请注意区分大小写。" },
    spent: Case {
        title: "此链接已被使用",
        text: "它的下载次数已全部用完。如果是您本人在其他浏览器或其他设备上打开的，请在那里的下载列表中查找。",
    },
    revoked: Case { title: "此链接已被撤回", text: "发送者已将其撤回。" },
    expired: Case { title: "此链接已过期", text: "其有效期至 {when}。" },
    not_yet: Case { title: "尚未到时间", text: "此链接从 {when} 起可以使用。" },
    completed: Case {
        title: "已经下载完成", text: "此下载已于 {when} 完成。请在浏览器的下载列表中查找该文件。"
    },
    lapsed: Case { title: "已超过可继续下载的时间", text: "此下载曾中断，只能在 {when} 之前继续。" },
    budget_spent: Case {
        title: "此下载无法继续", text: "由于多次重新开始，已发送的数据超过了文件大小的两倍。"
    },
    object_changed: Case { title: "文件已更改", text: "它已不是发送者为您选择的文件。次数未被扣除。" },
    object_not_found: Case { title: "文件已不存在", text: "它已不在发送者存放的位置。次数未被扣除。" },
    address_not_allowed: Case {
        title: "不能从此网络访问",
        text: "此链接只能从特定网络（例如公司网络）使用。请连接到正确的网络，或联系发送者。",
    },
    passphrase_needed: Case { title: "需要密码", text: "请重新打开链接，并输入发送者告知您的密码。" },
    locked: Case {
        title: "密码尝试次数过多", text: "密码尝试次数过多。链接的次数未被扣除。请在 {wait}后重试。"
    },
    too_many_requests: Case { title: "请稍候", text: "来自您所在网络的请求过多。请在 {wait}后重试。" },
    unavailable: Case {
        title: "暂时不可用", text: "目前无法获取该文件。次数未被扣除。请稍后使用同一链接重试。"
    },
    internal: Case { title: "我们这里出了问题", text: "这不是您的原因。请稍后重试。" },
    method_not_allowed: Case { title: "此处无法这样操作", text: "请打开您收到的链接，并按下其中的按钮。" },
    cross_site: Case {
        title: "请求来自其他网站", text: "为了保护您，下载只能从链接自己的页面开始。次数未被扣除。请直接打开该链接。"
    },
    range_required: Case {
        title: "此文件分段传送",
        text: "只有链接自己的页面才能合并各个分段。请在此浏览器中启用 JavaScript，重新打开链接并按下按钮。没有任何损失。",
    },
    other: Case { title: "无法执行此请求", text: "供请求者参考的详细信息：" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ".",
    seconds: "{n}\u{a0}秒",
    minutes: "{n}\u{a0}分钟",
    hours: "{n}\u{a0}小时",
};
