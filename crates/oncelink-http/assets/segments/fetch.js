// Parts of the file, a few side by side, handed on in order. What is in memory is bounded by lanes times part.

const LANES = 3
const LARGEST = 8 * 1024 * 1024

// The bytes from `from` up to `to`, however many requests that takes; what has arrived is never asked for twice.
const part = async (facts, from, to, meter, signal) => {
  const bytes = new Uint8Array(to - from)
  const patience = new Patience()
  let have = 0
  while (have < bytes.length) {
    const before = have
    try {
      await read(facts, from + have, to, signal, piece => {
        if (have + piece.length > bytes.length) throw new Passing('more than was asked for')
        bytes.set(piece, have)
        have += piece.length
        meter.add(piece.length)
      })
    } catch (error) {
      if (have > before) patience.progress()
      meter.isBroken = true
      await patience.wait(error, signal)
    }
  }
  return bytes
}

// One request. It may be answered with less than it asked for (RFC 9110 section 15.3.7).
const read = async (facts, from, to, signal, take) => {
  const cut = new AbortController()
  const stop = () => cut.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  let timer
  const awaken = () => {
    clearTimeout(timer)
    timer = setTimeout(() => cut.abort('silence'), SILENCE)
  }
  awaken()
  try {
    const headers = { range: `bytes=${from}-${to - 1}`, 'if-range': facts.etag, 'if-match': facts.etag, 'oncelink-acknowledges': 'yes' }
    const answer = await ask(facts.url, { headers, signal: cut.signal }, [206])
    const [, start, size] = answer.headers.get('content-range')?.match(/^bytes (\d+)-\d+\/(\d+)$/) ?? []
    if (Number(start) !== from || Number(size) !== facts.size || answer.headers.get('etag') !== facts.etag) throw new Passing('another part')
    const reader = answer.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      awaken()
      take(value)
    }
  } catch (error) {
    if (signal.aborted || error instanceof Refused || error instanceof Passing) throw error
    throw new Passing('broken off')
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    cut.abort()
  }
}

// Everything that `saver` doesn't have yet.
const download = async (facts, saver, meter) => {
  const stop = new AbortController()
  const step = Math.min(facts.segment, LARGEST)
  const lanes = []
  let [asked, kept] = [saver.begun, saver.begun]
  try {
    while (kept < facts.size) {
      while (lanes.length < LANES && asked < facts.size) {
        const to = Math.min(asked + step, facts.size)
        const lane = part(facts, asked, to, meter, stop.signal)
        // Whoever fails first is heard; the others are stopped for it.
        lane.catch(() => {})
        lanes.push(lane)
        asked = to
      }
      const bytes = await lanes.shift()
      const { length } = bytes
      await saver.write(kept, bytes)
      kept += length
    }
  } finally {
    stop.abort('over')
  }
}
