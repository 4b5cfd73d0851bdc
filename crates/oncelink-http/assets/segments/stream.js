// A service worker that hands what a page sends to the browser's downloads. It answers its own addresses only, each once.

const saving = new Map()

addEventListener('install', () => skipWaiting())

addEventListener('message', ({ data: { id, name, size }, ports: [port] }) => {
  const body = new ReadableStream({
    start(controller) {
      port.onmessage = ({ data }) => {
        if (data.bytes) controller.enqueue(data.bytes)
        if (data.end) controller.close()
        if (data.broken) controller.error(new Error('broken off'))
      }
    },
    pull: () => port.postMessage('more'),
    cancel: () => port.postMessage('cancelled'),
  }, { highWaterMark: 0 })
  saving.set(id, { body, name, size })
  port.postMessage('ready')
})

addEventListener('fetch', event => {
  const id = new URL(event.request.url).pathname.split('/').pop()
  const found = saving.get(id)
  if (!found) return
  saving.delete(id)
  // RFC 8187: what may stand in a header without being encoded is less than what encodeURIComponent leaves.
  const name = encodeURIComponent(found.name).replace(/['()*]/g, char => '%' + char.charCodeAt(0).toString(16))
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': found.size,
    'content-disposition': `attachment; filename*=UTF-8''${name}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  }
  event.respondWith(new Response(found.body, { headers }))
})
