// Where the file grows. Each way is found before the claim is made, so that nothing is claimed that can't be kept:
//
// 1. a file that the reader chooses (Chrome, Edge): written to directly, any size;
// 2. a file in the browser's own storage, handed to its downloads at the end: what has arrived survives a reload;
// 3. a stream into the browser's downloads, through a service worker: any size, but a reload begins anew. It comes after
//    the storage for that reason, and is for files that have no room there;
// 4. memory, for what fits.
//
// A saver has `begun` (bytes that are there already), `write` (in order), `finish` (the whole file, for the checksum),
// `address` (where the browser saves it from, if it hasn't yet), `pause` (something went wrong), `drop` (it is of no use)
// and `leave` (it is the reader's now).

const IN_MEMORY = 512 * 1024 * 1024
const assets = new URL('.', import.meta.url)

// Talks with the worker that keeps the file and hashes it: one answer for each message.
const worker = (() => {
  let port
  let count = 0
  const waiting = new Map()
  const settle = ({ id, answer, error }) => {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    error ? reject(Object.assign(new Error(error.message), { name: error.name })) : resolve(answer)
  }
  const start = () => {
    port = new Worker(new URL('segments-worker.js', assets))
    port.onmessage = ({ data }) => settle(data)
    // One whose script didn't come never answers: the next message starts another.
    port.onerror = () => {
      port.terminate()
      port = null
      waiting.forEach((_, id) => settle({ id, error: { name: 'Error', message: 'no worker' } }))
    }
  }
  return (act, given = {}, moved = []) =>
    new Promise((resolve, reject) => {
      if (!port) start()
      waiting.set(++count, { resolve, reject })
      port.postMessage({ id: count, act, given }, moved)
    })
})()

// Handles of chosen files can be kept in a database only. What is kept is no secret: which file, and how much of it.
const notes = (mode, work) =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('oncelink', 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('files')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const database = opening.result
      const transaction = database.transaction('files', mode)
      const request = work(transaction.objectStore('files'))
      transaction.oncomplete = () => (database.close(), resolve(request.result))
      transaction.onabort = transaction.onerror = () => (database.close(), reject(transaction.error))
    }
  })

const forget = link => notes('readwrite', store => store.delete(link)).catch(() => {})

// No reader says no within this time: where there is no dialogue, a browser says no at once.
const BLINK = 250

class Cancelled extends Error {}

const toChosenFile = async ({ name, link }) => {
  if (!window.showSaveFilePicker) return null
  let note = holder ? null : await notes('readonly', store => store.get(link)).catch(() => null)
  if (note && (await note.handle.requestPermission({ mode: 'readwrite' }).catch(() => 'denied')) !== 'granted') note = null
  const asked = performance.now()
  const handle = note?.handle ?? (await showSaveFilePicker({ suggestedName: name }).catch(error => {
    if (error.name === 'AbortError' && performance.now() - asked > BLINK) throw new Cancelled()
    return null
  }))
  return handle && (facts => openChosenFile(handle, note, facts))
}

// Written bytes are the file's only once the stream is closed, and opening it again copies them. Closing each time it has
// grown by a quarter keeps both small: what a reload loses, and what is copied.
const CLOSE_AFTER = 64 * 1024 * 1024

const openChosenFile = async (handle, note, facts) => {
  const fits = note && note.etag === facts.etag && note.size === facts.size
  const begun = fits ? Math.min(note.kept, (await handle.getFile()).size) : 0
  const keep = kept => notes('readwrite', store => store.put({ handle, etag: facts.etag, size: facts.size, kept }, facts.link)).catch(() => {})
  let stream = await handle.createWritable({ keepExistingData: begun > 0 })
  let [kept, have] = [begun, begun]
  await keep(kept)
  return {
    begun,
    async write(at, bytes) {
      await stream.write({ type: 'write', position: at, data: bytes })
      have = at + bytes.length
      if (have < facts.size && have - kept >= Math.max(CLOSE_AFTER, kept / 4)) await this.close(true)
    },
    async close(again) {
      await stream.close()
      kept = have
      await keep(kept)
      if (again) stream = await handle.createWritable({ keepExistingData: true })
    },
    async finish() {
      await this.close(false)
      return handle.getFile()
    },
    pause: () => stream.close().then(() => keep(have), () => {}),
    leave: () => forget(facts.link),
    drop: () => forget(facts.link),
  }
}

const toStorage = async ({ size, link }) => {
  if (!navigator.storage?.getDirectory) return null
  try {
    await worker('tidy')
    const { have } = await worker('look', { link })
    const { quota = 0, usage = 0 } = await navigator.storage.estimate()
    // A little more than the file: the browser counts its own notes too.
    if (quota - usage < (size - have) * 1.01 + 1024 * 1024) return null
  } catch {
    return null
  }
  return async facts => {
    const { begun } = await worker('open', { link, size, etag: facts.etag })
    let address
    return {
      begun,
      write: (at, bytes) => worker('write', { at, bytes }, [bytes.buffer]),
      async finish() {
        const file = await worker('close')
        address = URL.createObjectURL(file)
        return file
      },
      pause: () => worker('close').catch(() => {}),
      get address() {
        return address
      },
      leave: () => worker('leave').catch(() => {}),
      drop: () => worker('drop').catch(() => {}),
    }
  }
}

const toDownloads = async () => {
  if (!navigator.serviceWorker) return null
  const script = new URL('segments-stream.js', assets)
  const registration = await navigator.serviceWorker.register(script).catch(() => null)
  if (!registration) return null
  return async facts => {
    const port = await openStream(registration, facts)
    let asked = port.next()
    await worker('begin')
    return {
      begun: 0,
      leavingLosesIt: true,
      async write(_, bytes) {
        await worker('add', { bytes })
        await asked
        asked = port.next()
        port.send({ bytes }, [bytes.buffer])
      },
      // The last word is held back until the checksum is right: a download that ends without it fails.
      finish: async () => null,
      end: whole => port.send(whole ? { end: true } : { broken: true }),
      pause: () => port.send({ broken: true }),
    }
  }
}

// The browser begins to save what the service worker answers at an address of its own.
const openStream = async (registration, facts) => {
  const { port1, port2 } = new MessageChannel()
  const id = crypto.randomUUID()
  const heard = []
  let listener
  port1.onmessage = ({ data }) => {
    heard.push(data)
    listener?.()
  }
  const next = async () => {
    while (heard.length === 0) await new Promise(resolve => (listener = resolve))
    const word = heard.shift()
    if (word === 'cancelled') throw new Cancelled()
    return word
  }
  const script = registration.active ?? registration.waiting ?? registration.installing
  script.postMessage({ id, name: facts.name, size: facts.size }, [port2])
  await next()
  const frame = document.createElement('iframe')
  frame.hidden = true
  frame.src = new URL('saving/' + id, assets)
  document.body.append(frame)
  // A service worker that nobody talks to is ended.
  const clock = setInterval(() => port1.postMessage({ awake: true }), 10_000)
  const send = (word, moved = []) => {
    if (!word.bytes) clearInterval(clock)
    port1.postMessage(word, moved)
  }
  return { next, send }
}

const toMemory = async ({ size }) => {
  if (size > IN_MEMORY) return null
  return async () => {
    const pieces = []
    let address
    return {
      begun: 0,
      leavingLosesIt: true,
      // As blobs, which browsers may put on disk.
      write: async (_, bytes) => pieces.push(new Blob([bytes])),
      async finish() {
        const file = new Blob(pieces, { type: 'application/octet-stream' })
        address = URL.createObjectURL(file)
        return file
      },
      pause: () => {},
      get address() {
        return address
      },
    }
  }
}

const WAYS = [toChosenFile, toStorage, toDownloads, toMemory]

// The best ways that this browser has, found while nothing is claimed.
const findWays = async file => {
  const found = []
  for (const way of WAYS) {
    const open = await way(file)
    if (open) found.push(open)
    // One that may fail when it is opened, and one behind it.
    if (found.length === 2) break
  }
  return found
}

const openFirst = async (ways, facts) => {
  for (const [number, open] of ways.entries()) {
    try {
      return await open(facts)
    } catch (error) {
      if (number + 1 === ways.length) throw error
    }
  }
}
