// The console works without this. It shows times in the reader's own zone, copies, counts what is chosen, reads times of forms
// in the reader's zone, keeps a double click from sending twice, and swaps in news. Comments stand on lines of their own.
const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
const said = document.getElementById('said')
const localise = root => {
  for (const time of root.querySelectorAll('time')) {
    time.title = time.textContent
    time.textContent = format.format(new Date(time.dateTime))
  }
}
localise(document)
// Copying.
for (const button of document.querySelectorAll('[data-copy]')) {
  const field = button.previousElementSibling
  const name = button.textContent
  let pause = 0
  button.hidden = false
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(field.value)
    } catch {
      // Over plain HTTP there is no clipboard to write to, but a selection can be copied.
      field.select()
      document.execCommand('copy')
    }
    button.textContent = 'Copied'
    said.textContent = 'Copied'
    clearTimeout(pause)
    pause = setTimeout(() => { button.textContent = name }, 2000)
  })
}
for (const field of document.querySelectorAll('.copy input,.copy textarea')) field.addEventListener('focus', () => field.select())
// Choosing files.
const all = document.getElementById('all')
if (all) {
  const box = all.querySelector('input')
  const boxes = [...document.querySelectorAll('.files input')]
  const count = document.getElementById('count')
  const hint = count.textContent
  const tell = () => {
    const chosen = boxes.filter(one => one.checked).length
    count.textContent = chosen ? chosen + ' chosen' : hint
    box.checked = chosen === boxes.length
    box.indeterminate = chosen > 0 && chosen < boxes.length
  }
  all.hidden = false
  box.addEventListener('change', () => {
    for (const one of boxes) one.checked = box.checked
    tell()
  })
  document.querySelector('.files').addEventListener('change', tell)
  addEventListener('pageshow', tell)
}
// Times in forms: read in the reader's own zone.
for (const zone of document.querySelectorAll('.zone')) zone.textContent = '(your time)'
// A form is sent once.
for (const form of document.querySelectorAll('form[method=post]')) {
  let sent = false
  form.addEventListener('submit', event => {
    if (sent) return event.preventDefault()
    sent = true
    for (const field of form.querySelectorAll('[type=datetime-local]')) {
      const exact = field.nextElementSibling
      exact.disabled = !field.value
      if (field.value) exact.value = new Date(field.value).toISOString()
    }
    for (const button of form.querySelectorAll('button')) button.setAttribute('aria-disabled', 'true')
  })
  addEventListener('pageshow', event => {
    if (event.persisted) {
      sent = false
      for (const button of form.querySelectorAll('button')) button.removeAttribute('aria-disabled')
    }
  })
}
// News.
const live = document.querySelector('[data-live]')
if (live && self.EventSource) {
  let first = true
  const news = new EventSource(live.dataset.live)
  news.addEventListener('message', event => {
    const fresh = document.createElement('template')
    fresh.innerHTML = event.data
    localise(fresh.content)
    const now = document.createElement('div')
    now.append(fresh.content.cloneNode(true))
    if (now.textContent.trim() !== live.textContent.trim()) {
      const focused = live.contains(document.activeElement) && document.activeElement.getAttribute('href')
      live.replaceChildren(fresh.content)
      if (focused) [...live.querySelectorAll('a')].find(link => link.getAttribute('href') === focused)?.focus()
      if (!first) said.textContent = 'Updated: ' + (live.querySelector('.timeline strong')?.textContent ?? 'the list has changed')
    }
    first = false
  })
  // Closed for good: signed out, or too many pages listen.
  news.addEventListener('error', () => {
    if (news.readyState === EventSource.CLOSED) said.textContent = 'This page doesn’t update itself any more. Reload it to see what is new.'
  })
  addEventListener('pagehide', () => news.close())
}
