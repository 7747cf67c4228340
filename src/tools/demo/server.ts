import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createShop } from './app.ts'

/** In ms: who is being served when the shop closes is served to the end, within reason. */
const GRACE = 2000

/** A shop that is open. */
export interface OpenShop {
  /** Where it runs. */
  readonly url: string
  /** Ends every connection and lets go of the session directory. */
  close(): Promise<void>
}

/**
 * Opens the shop, for this computer only.
 * @param dir the session directory
 * @param ports tried in turn; 0 is any free one
 * @throws the system's error when none of them is free
 */
export async function openShop(dir: string, ports: readonly number[]): Promise<OpenShop> {
  const shop = createShop(dir)
  const server = createServer(shop.app)
  try {
    await listen(server, ports)
  } catch (error) {
    await shop.endStreams()
    await shop.close()
    throw error
  }
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      await shop.endStreams()
      const idle = setInterval(() => server.closeIdleConnections(), 20)
      const late = setTimeout(() => server.closeAllConnections(), GRACE)
      await closed
      clearInterval(idle)
      clearTimeout(late)
      await shop.close()
    },
  }
}

async function listen(server: Server, [port = 0, ...others]: readonly number[]): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    if (others.length === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await listen(server, others)
  }
}
