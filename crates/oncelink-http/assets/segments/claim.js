// The claim: made by the reader's click and nothing else. Its holder is remembered while the answer is on its way, so that
// a reload in between asks for the same claim; afterwards the server's cookie leads back to it.

const NOTE = 'oncelink ' + form.dataset.link
const holder = form.elements.holder

// Private windows of some browsers have no storage: then a reload in that moment is a claim of its own.
const remember = value => {
  try {
    value ? sessionStorage.setItem(NOTE, value) : sessionStorage.removeItem(NOTE)
  } catch {}
}

try {
  const remembered = sessionStorage.getItem(NOTE)
  if (holder && remembered) holder.value = remembered
  // The server knows this browser's claim.
  if (!holder) remember(null)
} catch {}

// What the server says of the claim: by the page, for a browser that made it before, or by its answer now.
const claim = async () => {
  const { size, segment, link, name, etag, sha256 } = form.dataset
  const facts = { size: Number(size), segment: Number(segment), link, name }
  if (!holder) return { ...facts, url: new URL(form.action).pathname, etag, sha256 }
  remember(holder.value)
  const body = new URLSearchParams(new FormData(form))
  const answer = await persist(form.action, { method: 'POST', body, headers: { accept: 'application/json' } }, [201]).catch(error => {
    if (error instanceof Refused) remember(null)
    throw error
  })
  remember(null)
  // The path alone: a page that was opened by another of the server's names stays there.
  return { ...facts, url: new URL(answer.body.url, location.href).pathname, etag: answer.body.etag, sha256: answer.body.sha256 }
}

// The file is here and whole: nobody shall get a byte more. Said before: the answer was lost.
const acknowledge = facts =>
  persist(facts.url + '/done', { method: 'POST' }, [204]).catch(error => {
    if (!(error instanceof Refused && error.kind === 'completed')) console.warn('oncelink: the end could not be told', error.message)
  })
