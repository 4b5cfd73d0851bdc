// Pages work without this. It shows times in the reader's own zone and language, says after the click what happens now,
// and keeps a double click from asking twice. Nothing here acts by itself. Comments stand on lines of their own.
const page = document.documentElement
const options = { year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' }
for (const time of document.querySelectorAll('time')) {
  try {
    time.textContent = new Intl.DateTimeFormat(page.lang + '-u-nu-latn', options).format(new Date(time.dateTime))
  } catch {
    // An old browser: the time stays in UTC.
  }
}
// A file that comes in parts has a script of its own.
const form = document.querySelector('form:not([data-segment])')
if (form) {
  const button = form.querySelector('button')
  const started = document.getElementById('started')
  let pause = 0
  const free = () => {
    clearTimeout(pause)
    pause = 0
    button.removeAttribute('aria-disabled')
  }
  form.addEventListener('submit', event => {
    if (pause) {
      event.preventDefault()
      return
    }
    pause = setTimeout(free, 4000)
    button.setAttribute('aria-disabled', 'true')
    started.hidden = false
  })
  // Back from an error page: as if nothing had been pressed.
  addEventListener('pageshow', event => {
    if (event.persisted) {
      free()
      started.hidden = true
    }
  })
}
