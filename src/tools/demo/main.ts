import { resolve } from 'node:path'
import { palette, wantsColour } from '../cli/style.ts'
import { openShop, type OpenShop } from './server.ts'

const DIR = 'sessions'
const PORT = 3000

const { env, stdout } = process
const { bold, dim, cyan, red } = palette(wantsColour(env, stdout.isTTY, false))

/** The ports to try: the one that was asked for, else ours and then any that is free. */
function ports(asked: string | undefined): readonly number[] {
  if (asked === undefined || asked === '') return [PORT, 0]
  const port = Number(asked)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return [port]
  throw new RangeError(`PORT is "${asked}", which is no port: give a number from 0 to 65535`)
}

function welcome({ url }: OpenShop): string {
  return `
  ${bold('The shop is open.')} Put something into the cart, and watch its file.

  ${dim('Shop')}   ${cyan(url)}
  ${dim('Files')}  ${DIR}/<id>.json

  ${dim('Try')}    npx vitrine ls
         npx vitrine watch
         open the file in your editor, set user.role to "admin", save

  ${dim('Ctrl-C closes the shop. The files stay.')}
`
}

function whyNot(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `Port ${env['PORT']} is taken: choose another with PORT=3001`
  if (code === 'EACCES') return `Port ${env['PORT']} is not yours to open: choose one above 1023`
  return message
}

// whoever reads along may stop reading
stdout.on('error', () => undefined)

async function main(): Promise<void> {
  const shop = await openShop(resolve(DIR), ports(env['PORT']))
  const close = () => {
    stdout.write(dim('\n  The shop is closed.\n'))
    void shop.close()
  }
  process.once('SIGINT', close)
  process.once('SIGTERM', close)
  stdout.write(welcome(shop))
}

main().catch((error: unknown) => {
  process.stderr.write(`${red('✗')} ${whyNot(error)}\n`)
  process.exitCode = 1
})
