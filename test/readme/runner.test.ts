import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MANIFEST } from '../package/pack.ts'
import { blocksOf } from './blocks.ts'
import { unknownNames } from './names.ts'
import { jsonDiffers, textDiffers } from './shape.ts'
import { stageOf, type Scene, type Stage } from './stage.ts'

/** The rehearsal itself: it must do what a good document says, and must see what is wrong in a bad one. */

const GOOD = `
# A store

## Quick start

<!-- test: names -->
Words between a comment and a block: the comment is not the block's.

\`\`\`sh
$ npm i vitrine express   # and -D @types/express
npm test && npm run build
\`\`\`

<!-- test: server, GET /, GET / -->

\`\`\`ts
import { createServer } from 'node:http'
import { createSessions } from 'vitrine'

const { open, commit } = createSessions()
createServer(async (request, response) => {
  const header = (name: string) => request.headers[name]
  const session = await open({ headers: { get: (name) => header(name)?.toString() } })
  session.update((data) => {
    data.views = Number(data.views ?? 0) + 1
  })
  for (const [name, value] of await commit(session)) response.appendHeader(name, value)
  response.end(String(session.data.views))
}).listen(3000)
\`\`\`

<!-- test: output -->
\`\`\`
1
2
\`\`\`

<!-- test: run -->
\`\`\`sh
cat sessions/*.json
\`\`\`

<!-- test: output -->
\`\`\`json
{
  "id": "mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tf",
  "created": "2026-11-22T19:06:12.123Z",
  "expires": "2026-11-22T21:06:12.123Z",
  "revision": 2,
  "data": { "views": 2 }
}
\`\`\`

<!-- test: run -->
\`\`\`console
$ ls sessions
mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tf.json
$ echo $((1 + 1))
\`\`\`

## The engine

\`\`\`ts
import { createEngine, memoryStore } from 'vitrine'
const engine = createEngine({ store: memoryStore() })
const session = await engine.create({ user: 'ada' })
console.log(session.data.user)
\`\`\`

<!-- test: output -->
\`\`\`text
a…
\`\`\`

<!-- test: program, continues -->
\`\`\`ts
await engine.destroy(session)
console.log(await engine.retrieve(session.id))
\`\`\`

- In a list, with a preamble:

  <!-- test: types
  import type { Session } from 'vitrine'
  declare const session: Session
  -->

  \`\`\`ts
  session.data.user = 'ada'
  \`\`\`

<!-- test: types -->
\`\`\`ts
declare module 'vitrine' {
  interface SessionData {
    user?: string
  }
}
import 'vitrine'
\`\`\`

<!-- test: file greeting.ts -->
\`\`\`ts
export const greeting: string = 'hello'
\`\`\`

<!-- test: file words.txt -->
\`\`\`text
two words
\`\`\`

\`\`\`js
import { readFileSync } from 'node:fs'
import { greeting } from './greeting.ts'
console.log(greeting, readFileSync('words.txt', 'utf8'))
\`\`\`

\`\`\`js
const { createId } = require('vitrine')
console.log(createId().length)
\`\`\`

\`\`\`yaml
session: JSON
\`\`\`

## Afterwards

\`\`\`js
import { existsSync } from 'node:fs'
import { greeting } from './greeting.ts'
console.log(greeting, existsSync('words.txt'), existsSync('sessions'))
\`\`\`

<!-- test: output -->
\`\`\`
hello true false
\`\`\`

<!-- test: none, because it is a drawing -->
\`\`\`
a -> b
\`\`\`
`

const BAD: readonly (readonly [what: string, block: string, problem: RegExp])[] = [
  ['a type error', '```ts\nconst a: number = "1"\n```', /BAD\.md:\d+ TS2322/],
  [
    'a wrong option',
    "```ts\nimport { createEngine } from 'vitrine'\ncreateEngine({ stores: 1 })\n```",
    /TS2(353|561)/,
  ],
  ['a program that throws', "```ts\nthrow new Error('no')\n```", /ended with 1[^]*no/],
  [
    'a server that is not there',
    '<!-- test: server -->\n```ts\nexport {}\n```',
    /The server ended/,
  ],
  [
    'an answer of 404',
    `<!-- test: server, GET /x -->\n\`\`\`ts\nimport http from 'node:http'\nhttp.createServer((_, r) => void r.writeHead(404).end()).listen(3000)\n\`\`\``,
    /GET \/x: 404/,
  ],
  ['a package from nowhere', '```sh\nnpm i vitrine-express\n```', /does not know vitrine-express/],
  ['a script that is not there', '```sh\nnpm run nothing\n```', /no script nothing/],
  ['a command nobody runs', '```sh\ncat sessions/*.json\n```', /mark it/],
  ['a command that fails', '<!-- test: run -->\n```sh\nfalse | cat\n```', /ended with 1/],
  ['JSON that does not parse', '```json\n{ a: 1 }\n```', /JSON/],
  ['no language', '```\nx\n```', /needs a comment/],
  ['an unknown language', '```toml\nx = 1\n```', /A toml block needs a comment/],
  ['an unknown mark', '<!-- test: maybe -->\n```ts\nexport {}\n```', /Cannot understand/],
  ['a mark for another language', '<!-- test: program -->\n```sh\nls\n```', /not for a sh block/],
  ['no reason', '<!-- test: none -->\n```ts\nexport {}\n```', /Say why/],
  ['a file elsewhere', '<!-- test: file ../x.ts -->\n```ts\nexport {}\n```', /no plain file name/],
  [
    'other output',
    '<!-- test: run -->\n```sh\necho a\n```\n<!-- test: output -->\n```text\nb\n```',
    /shown:\nb\nreal:\na/,
  ],
  [
    'other output after a prompt',
    '<!-- test: run -->\n```sh\n$ echo a\nb\n```',
    /shown:\nb\nreal:\na/,
  ],
]

let stage: Stage

beforeAll(async () => {
  const text = BAD.map(([what, block]) => `## ${what}\n\n${block}\n`).join('\n')
  stage = stageOf([
    { name: 'GOOD.md', text: GOOD },
    { name: 'BAD.md', text },
  ])
  await stage.prepare()
}, 60_000)

afterAll(() => stage.end())

it('a good document passes, block by block', async () => {
  const good = stage.scenes.filter(({ title }) => title.startsWith('GOOD.md'))
  expect(good.map(({ title }) => title)).toEqual([
    'GOOD.md: Quick start',
    'GOOD.md: The engine',
    'GOOD.md: Afterwards',
  ])
  for (const scene of good) {
    for (const { run } of scene.steps) await run()
    await scene.end()
  }
})

it.each(BAD)('a document fails with %s', async (what, _, problem) => {
  const scene = stage.scenes.find(({ title }) => title === `BAD.md: ${what}`) as Scene
  const rehearse = async (): Promise<void> => {
    try {
      for (const { run } of scene.steps) await run()
    } finally {
      await scene.end()
    }
  }
  await expect(rehearse()).rejects.toThrow(problem)
})

describe('reading a document', () => {
  it('finds the line, the section and the comment of a block', () => {
    const text = '# A\n\n```ts\n1\n```\n## B\n<!-- test: types\nlet x\n-->\n~~~~ts\n```\n2\n~~~~\n'
    expect(blocksOf({ name: 'D.md', text })).toMatchObject([
      { at: 'D.md:4', section: 'A', text: '1', plan: { kind: 'program' }, preamble: '' },
      { at: 'D.md:11', section: 'B', text: '```\n2', plan: { kind: 'types' }, preamble: 'let x' },
    ])
  })

  it('takes a comment for the next block only', () => {
    const text = '<!-- test: types -->\n```ts\n1\n```\n```ts\n2\n```\n'
    const kinds = blocksOf({ name: 'D.md', text }).map(({ plan }) => plan.kind)
    expect(kinds).toEqual(['types', 'program'])
  })

  it('checks the names in every form of install', () => {
    const known = [
      'npm i -D vitrine@latest @types/express@5',
      'bun add vitrine',
      'npm ci',
      'npx vitrine ls',
    ]
    expect(known.flatMap((text) => unknownNames(text, MANIFEST))).toEqual([])
    expect(unknownNames('npm i \\\n  vitrine nope', MANIFEST)).toHaveLength(1)
  })
})

describe('comparing output', () => {
  const id = 'mfzxg3dpo5xgk4tfmrqw2zlomvzwk4tf'
  const other = id.replaceAll('m', 'a')

  it('lets ids, times and durations differ, and nothing else', () => {
    expect(textDiffers(`${id}.json 12 ms`, `${other}.json 3.5 ms\n`)).toBeNull()
    expect(textDiffers('10:00:01 written', '23:59:59 written')).toBeNull()
    expect(textDiffers(`${id}.json`, `${other}.yaml`)).not.toBeNull()
    expect(textDiffers('revision 1', 'revision 2')).not.toBeNull()
  })

  it('lets … stand for anything in a line, and alone for any lines', () => {
    expect(textDiffers('a … c', 'a (b) c')).toBeNull()
    expect(textDiffers('a … c', 'a\nc')).not.toBeNull()
    expect(textDiffers('a\n…\nd', 'a\nb\nc\nd')).toBeNull()
    expect(textDiffers('a\n…\nd', 'a\nb\nc')).not.toBeNull()
  })

  it('compares JSON by members, order and value', () => {
    expect(jsonDiffers(`{"id":"${id}","n":[1]}`, `{ "id": "${other}", "n": [1] }`)).toBeNull()
    expect(jsonDiffers('{"a":1,"b":2}', '{"b":2,"a":1}')).toContain('it')
    expect(jsonDiffers('{"a":{"b":1}}', '{"a":{"b":2}}')).toBe('it.a.b: shown 1, real 2')
    expect(jsonDiffers('{"a":null}', '{"a":[]}')).toContain('it.a')
    expect(jsonDiffers('[1,2]', '[1]')).not.toBeNull()
  })
})
