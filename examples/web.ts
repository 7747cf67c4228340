// A to-do list on Request and Response, served by node:http.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { withSession } from 'vitrine/web'
import { z } from 'zod'

const sessions = withSession({ schema: z.object({ list: z.array(z.string()).default([]) }) })

const fetch = sessions(async (request, session) => {
  if (request.method === 'POST') {
    const entry = await request.text()
    session.update((data) => void data.list.push(entry))
    return new Response(null, { status: 303, headers: { location: '/' } })
  }
  return Response.json(session.data.list)
})

// Bun: Bun.serve({ port: 3000, fetch })   Deno: Deno.serve({ port: 3000 }, fetch)   Node.js:
const server = createServer((req, res) => {
  answer(req, res).catch(() => res.destroy()) // the session could not be read or stored
})

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { method = 'GET', headers, url } = req
  const body = method === 'GET' || method === 'HEAD' ? null : Readable.toWeb(req)
  const init = { method, headers: headers as Record<string, string>, body, duplex: 'half' }
  const said = await fetch(new Request(`http://localhost:3000${url}`, init as RequestInit))
  res.writeHead(said.status, [...said.headers].flat())
  for await (const chunk of said.body ?? []) res.write(chunk)
  res.end()
}

server.listen(3000)
