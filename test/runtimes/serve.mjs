import { createServer } from 'node:http'

/**
 * Serves a `fetch` handler on a free port the way the runtime itself does it: Bun.serve, Deno.serve, or node:http.
 * A handler that rejects is a 500.
 */
export async function serve(handler) {
  const fetch = (request) => handler(request).catch(() => new Response(null, { status: 500 }))
  const { Bun, Deno } = globalThis
  if (Bun) {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch })
    return { url: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) }
  }
  if (Deno) {
    const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, fetch)
    return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() }
  }
  const answer = async (req, res) => {
    const { status, headers, body } = await fetch(
      new Request(`http://${req.headers.host}${req.url}`, { headers: req.headers }),
    )
    res.writeHead(status, [...headers].flat())
    for await (const chunk of body ?? []) res.write(chunk)
    res.end()
  }
  const server = createServer((req, res) => void answer(req, res))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
