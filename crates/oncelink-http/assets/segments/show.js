// What the reader sees while parts come in: a bar, figures, and in words what is going on. `texts`, in the reader's
// language, stands before all this when it is served.
const byId = name => document.getElementById(name)
const form = document.querySelector('form[data-segment]')
const area = byId('transfer')
const language = document.documentElement.lang + '-u-nu-latn'

const inUnits = (value, unit, digits = 1) =>
  new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(value)

const sized = (bytes, per = '') => {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  let power = 0
  while (power + 1 < units.length && bytes >= 999.5) {
    bytes /= 1000
    power += 1
  }
  return inUnits(bytes, units[power] + per, bytes < 99.95 && power > 0 ? 1 : 0)
}

const lasting = seconds => {
  if (seconds < 90) return inUnits(Math.ceil(seconds), 'second', 0)
  if (seconds < 5400) return inUnits(Math.ceil(seconds / 60), 'minute', 0)
  return inUnits(Math.ceil(seconds / 3600), 'hour', 0)
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name])

// What is going on, for eyes and ears.
const say = text => {
  const said = byId('started')
  said.hidden = !text
  if (said.textContent !== text) said.textContent = text
}

// Said while nothing comes in, and taken back once something does.
let isWaiting = false
const showWaiting = () => {
  if (!isWaiting) say(texts.waiting)
  isWaiting = true
}
const showMoving = () => {
  if (isWaiting) say(texts.begin)
  isWaiting = false
}

// How quickly bytes come in: over the last few seconds, so that a break shows.
const SPAN = 5000
// A part that broke off while others come in is nobody's worry.
const QUIET = 2000
class Meter {
  constructor(size, done) {
    const now = performance.now()
    Object.assign(this, { size, done, marks: [[now, done]], moved: now, isBroken: false, told: 0 })
  }

  add(count) {
    this.done += count
    this.moved = performance.now()
    this.isBroken = false
    showMoving()
  }

  rate(now) {
    this.marks.push([now, this.done])
    while (this.marks.length > 2 && now - this.marks[0][0] > SPAN) this.marks.shift()
    const [began, before] = this.marks[0]
    return now > began ? Math.max(0, (this.done - before) * 1000 / (now - began)) : 0
  }

  show() {
    const now = performance.now()
    const rate = this.rate(now)
    const done = Math.min(this.done, this.size)
    const left = rate > 0 ? lasting((this.size - done) / rate) : '–'
    byId('progress').value = this.size > 0 ? done / this.size : 1
    const figures = fill(texts.figures, { done: sized(done), size: sized(this.size), rate: sized(rate, '-per-second'), left })
    byId('figures').textContent = figures
    // Once in a tenth of the file is often enough for ears.
    const tenth = Math.floor(10 * done / this.size)
    if (tenth > this.told) {
      this.told = tenth
      byId('aloud').textContent = figures
    }
    if (this.isBroken && now - this.moved > QUIET) showWaiting()
  }
}

// The button gives way to the bar.
const showTransfer = () => {
  form.hidden = true
  area.hidden = false
  area.focus()
}

// The button comes back; pressing it goes on.
const showButton = text => {
  area.hidden = true
  form.hidden = false
  say(text)
  form.querySelector('button').focus()
}

const showPassphrase = text => {
  const field = byId('passphrase')
  const bad = byId('bad')
  bad.textContent = text
  bad.hidden = false
  field.setAttribute('aria-invalid', 'true')
  field.setAttribute('aria-describedby', 'bad hint')
  area.hidden = true
  form.hidden = false
  byId('started').hidden = true
  field.focus()
  field.select()
}

// Everything is here. Where the browser saves it by an address, that stays for whoever wants it once more.
const showEnd = (text, address, name) => {
  for (const id of ['intro', 'label', 'progress', 'figures', 'parts']) byId(id)?.setAttribute('hidden', '')
  byId('aloud').textContent = ''
  document.querySelector('h1').textContent = texts.finished
  say(text)
  if (!address) return
  const save = byId('save')
  save.href = address
  save.download = name
  save.hidden = false
  save.click()
}
