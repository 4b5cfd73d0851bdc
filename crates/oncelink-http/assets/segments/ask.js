// Requests that are asked again until there is an answer, and why there may be none.

// A lawful no, which asking again won't change.
class Refused extends Error {
  constructor(status, kind) {
    super(kind)
    Object.assign(this, { status, kind })
  }
}

// It may work later; `after` is when the server would like to be asked, in milliseconds.
class Passing extends Error {
  constructor(why, after = 0) {
    super(why)
    this.after = after
  }
}

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 15_000
// A server that asks for more than this is asked by the reader.
const LONGEST_ASKED = 120_000
const PATIENCE = 180_000
const SILENCE = 60_000

// Waits between tries, a little longer each time, until there was no progress for too long.
class Patience {
  constructor() {
    this.progress()
  }

  progress() {
    this.since = performance.now()
    this.pause = FIRST_PAUSE
  }

  async wait(error, signal) {
    if (!(error instanceof Passing) || performance.now() - this.since > PATIENCE || error.after > LONGEST_ASKED) throw error
    // Not all at the same moment: lanes, and other readers.
    const pause = Math.max(error.after, this.pause * (0.75 + Math.random() / 2))
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE)
    const over = new AbortController()
    await new Promise((resolve, reject) => {
      setTimeout(resolve, pause)
      if (!error.after) addEventListener('online', resolve, over)
      signal?.addEventListener('abort', () => reject(signal.reason), over)
    }).finally(() => over.abort())
  }
}

// An answer of one of the wanted statuses. Whoever answers otherwise without naming a problem is somebody in between.
const ask = async (address, options, wanted) => {
  let answer
  try {
    answer = await fetch(address, { cache: 'no-store', redirect: 'error', ...options })
  } catch (error) {
    if (options.signal?.aborted && options.signal.reason !== 'silence') throw error
    throw new Passing('no answer')
  }
  if (wanted.includes(answer.status)) return answer
  const problem = await answer.json().catch(() => ({}))
  const { status } = answer
  const passes = status === 408 || status >= 500 || (status === 429 && problem.type !== 'too-many-passphrases')
  if (passes || !problem.type) throw new Passing(`answer ${status}`, 1000 * (Number(answer.headers.get('retry-after')) || 0))
  throw new Refused(status, problem.type)
}

// The same request until it is answered. The requests here may be repeated: the holder or the claim is the same.
const persist = async (address, options, wanted) => {
  for (const patience = new Patience(); ;) {
    try {
      const signal = AbortSignal.timeout ? AbortSignal.timeout(SILENCE) : undefined
      const answer = await ask(address, { ...options, signal }, wanted).catch(error => {
        throw error.name === 'TimeoutError' ? new Passing('silence') : error
      })
      return { status: answer.status, body: answer.status === 201 ? await answer.json() : null }
    } catch (error) {
      // An answer that breaks off is none.
      const passing = error instanceof Refused || error instanceof Passing ? error : new Passing('broken answer')
      if (passing instanceof Passing) showWaiting()
      await patience.wait(passing)
    }
  }
}
