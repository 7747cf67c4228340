import type { Server } from 'node:http'
import type { Session, Sessions } from 'vitrine'
import { WebSocketServer, type WebSocket } from 'ws'

type Answer = (session: Session, message: string) => Promise<string>

/** A socket belongs to the session it was opened with, and closes at the first message after its log-out. */
export function serveSockets(server: Server, { engine, open }: Sessions, answer: Answer): void {
  const sockets = new WebSocketServer({ noServer: true })

  async function hear(socket: WebSocket, id: string, message: string): Promise<void> {
    const session = await engine.retrieve(id) // as it is now
    if (session === null) socket.close(4401, 'logged out')
    else socket.send(await answer(session, message))
  }

  server.on('upgrade', (req, stream, head) => {
    const { cookie = '', host, origin = '' } = req.headers
    const secure = 'encrypted' in req.socket // behind a proxy that ends TLS: true
    const refuse = () => stream.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n')

    open({ headers: new Headers({ cookie }), secure }).then((session) => {
      if (session.isNew || !URL.canParse(origin) || new URL(origin).host !== host) return refuse()
      sockets.handleUpgrade(req, stream, head, (socket) => {
        const failed = () => socket.close(1011)
        socket.on('message', (data) => void hear(socket, session.id, String(data)).catch(failed))
      })
    }, refuse)
  })
}
