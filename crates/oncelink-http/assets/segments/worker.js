// Keeps a growing file in the browser's storage, and hashes. Synchronous handles write in place, so what has arrived is
// there after a reload too; they exist in workers only, as does the time for hashing.

// SHA-256 (FIPS 180-4), in pieces: WebCrypto has it for whole messages only.
const PRIMES = []
for (let candidate = 2; PRIMES.length < 64; candidate += 1) if (PRIMES.every(prime => candidate % prime)) PRIMES.push(candidate)
const fraction = root => ((root - Math.floor(root)) * 2 ** 32) | 0
const ROUNDS = Int32Array.from(PRIMES, prime => fraction(Math.cbrt(prime)))
const START = Int32Array.from(PRIMES.slice(0, 8), prime => fraction(Math.sqrt(prime)))

class Sha256 {
  constructor() {
    this.state = START.slice()
    this.rest = new Uint8Array(64)
    this.length = 0
    this.words = new Int32Array(64)
  }

  update(bytes) {
    let at = 0
    let filled = this.length % 64
    this.length += bytes.length
    if (filled > 0) {
      at = Math.min(64 - filled, bytes.length)
      this.rest.set(bytes.subarray(0, at), filled)
      filled += at
      if (filled < 64) return this
      this.block(this.rest, 0)
    }
    for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at)
    this.rest.set(bytes.subarray(at))
    return this
  }

  block(bytes, at) {
    const { words, state } = this
    for (let t = 0; t < 16; t += 1, at += 4) {
      words[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
    }
    for (let t = 16; t < 64; t += 1) {
      const x = words[t - 15]
      const y = words[t - 2]
      const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
      const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
      words[t] = (small1 + words[t - 7] + small0 + words[t - 16]) | 0
    }
    let [a, b, c, d, e, f, g, h] = state
    for (let t = 0; t < 64; t += 1) {
      const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const first = (h + big1 + (g ^ (e & (f ^ g))) + ROUNDS[t] + words[t]) | 0
      const second = (big0 + ((a & b) | (c & (a | b)))) | 0
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h
  }

  hex() {
    const bits = this.length * 8
    const end = new Uint8Array(((this.length % 64) < 56 ? 64 : 128) - (this.length % 64))
    end[0] = 0x80
    const view = new DataView(end.buffer)
    view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32))
    view.setUint32(end.length - 4, bits % 2 ** 32)
    this.update(end)
    return Array.from(this.state, word => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }
}

// Files are named after the link's public name, and after the version that is in them.
const PREFIX = 'oncelink-'
// Beside a file that has been handed to the browser's downloads.
const DONE = '.done'
// Nobody comes back for what is older: no claim lives on without activity.
const OLDEST = 24 * 3600 * 1000
const LEFT_FOR = 30 * 60 * 1000
const folder = () => navigator.storage.getDirectory()
const plain = text => text.replace(/[^A-Za-z0-9]/g, '_')

let file
let handle
let size
let hasher

// After a reload the page before may hold the file for a moment still.
const opened = async tries => {
  try {
    return await file.createSyncAccessHandle()
  } catch (error) {
    if (tries === 0) throw error
    await new Promise(resolve => setTimeout(resolve, 250))
    return opened(tries - 1)
  }
}

const each = async work => {
  const root = await folder()
  for await (const [name, entry] of root.entries()) if (name.startsWith(PREFIX)) await work(root, name, entry)
}

const acts = {
  // What nobody comes back for, and what has been handed over; the browser may have been saving that for a while.
  async tidy() {
    await each(async (root, name, entry) => {
      const isOld = Date.now() - (await entry.getFile()).lastModified > OLDEST
      if (name.endsWith(DONE)) await root.removeEntry(name.slice(0, -DONE.length)).catch(() => {})
      if (isOld || name.endsWith(DONE)) await root.removeEntry(name).catch(() => {})
    })
  },

  async look({ link }) {
    let have = 0
    await each(async (_, name, entry) => {
      if (name.startsWith(PREFIX + link) && !name.endsWith(DONE)) have = (await entry.getFile()).size
    })
    return { have }
  },

  async open({ link, size: whole, etag }) {
    file = await (await folder()).getFileHandle(`${PREFIX}${link}-${plain(etag)}`, { create: true })
    handle = await opened(20)
    size = whole
    if (await handle.getSize() > size) await handle.truncate(0)
    return { begun: await handle.getSize() }
  },

  async write({ at, bytes }) {
    const written = handle.write(bytes, { at })
    if (written < bytes.length) throw Object.assign(new Error('the storage is full'), { name: 'QuotaExceededError' })
    await handle.flush()
  },

  async close() {
    await handle.close()
    return file.getFile()
  },

  // At the end: the file goes when this page is opened again, or some time later if it stays open.
  async leave() {
    await (await folder()).getFileHandle(file.name + DONE, { create: true })
    setTimeout(() => acts.tidy(), LEFT_FOR)
  },

  async drop() {
    await (await folder()).removeEntry(file.name)
  },

  async hash({ file: whole }) {
    const reader = whole.stream().getReader()
    const sha256 = new Sha256()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return sha256.hex()
      sha256.update(value)
    }
  },

  async begin() {
    hasher = new Sha256()
  },

  async add({ bytes }) {
    hasher.update(bytes)
  },

  async digest() {
    return hasher.hex()
  },
}

onmessage = async ({ data: { id, act, given } }) => {
  try {
    postMessage({ id, answer: await acts[act](given) })
  } catch ({ name, message }) {
    postMessage({ id, error: { name, message } })
  }
}
