import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createShop } from './app.ts'

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
    await shop.close()
    throw error
  }
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
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
