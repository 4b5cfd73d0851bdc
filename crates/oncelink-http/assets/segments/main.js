// The reader's click: find where the file can grow, claim, fetch, check, save, say that it is here. Nothing here happens
// without it.

const verified = async (facts, saver, file) => {
  if (!facts.sha256) return null
  say(texts.checking)
  const digest = file ? await worker('hash', { file }) : await worker('digest')
  return digest === facts.sha256
}

const transfer = async saverOf => {
  const facts = await claim()
  const saver = await saverOf(facts)
  const meter = new Meter(facts.size, saver.begun)
  const keepReader = event => event.preventDefault()
  if (saver.leavingLosesIt) addEventListener('beforeunload', keepReader)
  const clock = setInterval(() => meter.show(), 500)
  try {
    await download(facts, saver, meter)
    meter.show()
    const file = await saver.finish()
    const right = await verified(facts, saver, file)
    saver.end?.(right !== false)
    if (right === false) {
      await saver.drop?.()
      throw new Refused(0, 'damaged')
    }
    await acknowledge(facts)
    showEnd(right ? texts.verified : texts.done, saver.address, facts.name)
    await saver.leave?.()
  } catch (error) {
    await saver.pause()
    throw Object.assign(error, { address: facts.url })
  } finally {
    clearInterval(clock)
    removeEventListener('beforeunload', keepReader)
  }
}

// What went wrong, said here where there are words for it; otherwise by the server, as a page.
const explain = error => {
  if (error instanceof Cancelled) return showButton('')
  if (error instanceof Passing) return showButton(texts.broke)
  if (error.name === 'QuotaExceededError') return showButton(texts.full)
  if (!(error instanceof Refused)) {
    console.error(error)
    return showButton(texts.broke)
  }
  if (error.kind === 'damaged') return showButton(texts.damaged)
  if (error.kind.startsWith('passphrase-')) return showPassphrase(texts.wrong)
  if (error.address) return location.assign(error.address)
  // The same request again, by the form itself: a refusal is a page in the reader's language.
  form.submit()
}

let isBusy = false
form.addEventListener('submit', async event => {
  event.preventDefault()
  if (isBusy) return
  isBusy = true
  try {
    const { name, size, link } = form.dataset
    const ways = await findWays({ name, size: Number(size), link })
    if (ways.length === 0) return say(texts.beyond)
    showTransfer()
    say(texts.begin)
    await transfer(facts => openFirst(ways, facts))
  } catch (error) {
    explain(error)
  } finally {
    isBusy = false
  }
})

// What has been said for readers without this script doesn't hold.
byId('plain').hidden = true
const note = byId('parts')
note.textContent = fill(texts.note, note.dataset)
note.hidden = false
form.hidden = false
