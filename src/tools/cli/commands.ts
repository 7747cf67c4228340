import type { Command, OptionSpec } from './command.ts'

const yes: OptionSpec = { type: 'boolean', short: 'y', help: 'do not ask' }
const reveal: OptionSpec = { type: 'boolean', help: 'show secrets' }
const json: OptionSpec = { type: 'boolean', help: 'one JSON document' }
const ndjson: OptionSpec = { type: 'boolean', help: 'one JSON document a line' }
const ifRev: OptionSpec = {
  type: 'string',
  value: 'N',
  help: 'only if the session is still at revision N',
}
const dryRun: OptionSpec = {
  type: 'boolean',
  short: 'n',
  help: 'say what would be done, do nothing',
}

/** What every verb takes. */
export const COMMON: Readonly<Record<string, OptionSpec>> = {
  store: {
    type: 'string',
    short: 's',
    value: 'STORE',
    help: 'file:DIR, yaml:DIR, dancer:DIR or dancer-yaml:DIR',
  },
  'no-color': { type: 'boolean', help: 'no colours (also NO_COLOR)' },
  help: { type: 'boolean', short: 'h', help: 'this help' },
}

const QUERY_HELP = [
  'QUERY is one or more terms that must all hold:',
  '  user.role:admin   the text at this path contains it',
  '  plan=pro          what is at this path is exactly it',
  '  cart.total>100    compares: > >= < <= !=',
  '  cart:*            there is something at this path',
  '  lamp              it is anywhere: ids, names, values',
  '  -flash            must not hold',
]

/** The verbs, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'ls',
    operands: ['[QUERY]'],
    count: [0, Infinity],
    query: true,
    summary: 'list sessions, newest change first',
    details: QUERY_HELP,
    options: {
      where: {
        type: 'string',
        value: 'QUERY',
        multiple: true,
        help: 'the query, quoted as one word',
      },
      limit: {
        type: 'string',
        short: 'n',
        value: 'N',
        help: 'at most N (default on a terminal: 20)',
      },
      sort: { type: 'string', value: 'FIELD', help: 'changed, created, expires, size, user or id' },
      columns: { type: 'string', value: 'LIST', help: 'columns, also paths: id,user,cart.total' },
      expired: { type: 'boolean', help: 'also those that are over or were renewed' },
      quiet: { type: 'boolean', short: 'q', help: 'ids only' },
      json: { ...json, help: 'one JSON array' },
      ndjson,
      reveal,
    },
    examples: [
      "vitrine ls 'cart.total>100' -flash",
      'vitrine ls -q user.role:guest | vitrine rm -',
    ],
    load: async () => (await import('./verbs/ls.ts')).ls,
  },
  {
    name: 'show',
    operands: ['REF', '[PATH]'],
    count: [1, 2],
    summary: 'show one session, or what is at a path in it',
    options: {
      flat: { type: 'boolean', help: 'one line a value: path = value' },
      raw: { type: 'boolean', help: "the file's bytes, never masked" },
      json: { ...json, help: 'one JSON document' },
      reveal,
    },
    examples: ['vitrine show @last', 'vitrine show 3f9c cart.items[0]'],
    load: async () => (await import('./verbs/show.ts')).show,
  },
  {
    name: 'watch',
    operands: ['[QUERY]'],
    count: [0, Infinity],
    query: true,
    summary: 'follow what happens to sessions',
    details: QUERY_HELP,
    options: {
      only: {
        type: 'string',
        value: 'KINDS',
        help: 'created, written, touched, renewed, deleted, unreadable',
      },
      where: {
        type: 'string',
        value: 'QUERY',
        multiple: true,
        help: 'the query, quoted as one word',
      },
      ndjson,
      reveal,
    },
    examples: ['vitrine watch user:ada', 'vitrine watch --only written --ndjson | jq .changes'],
    load: async () => (await import('./verbs/watch.ts')).watch,
  },
  {
    name: 'edit',
    operands: ['REF'],
    count: [1, 1],
    summary: 'edit the data in $EDITOR; merged with what changes meanwhile',
    options: {},
    examples: ['vitrine edit @last', "EDITOR='code --wait' vitrine edit 3f9c"],
    load: async () => (await import('./verbs/edit.ts')).edit,
  },
  {
    name: 'set',
    operands: ['REF', 'PATH', 'VALUE'],
    count: [3, 3],
    summary: 'set one value; VALUE is JSON, else a text',
    options: { 'if-rev': ifRev },
    examples: [
      'vitrine set 3f9c user.role admin',
      'vitrine set @last cart.items[0] \'{"sku": "GLS-003"}\'',
    ],
    load: async () => (await import('./verbs/set.ts')).set,
  },
  {
    name: 'unset',
    operands: ['REF', 'PATH'],
    count: [2, 2],
    summary: 'remove one value',
    options: { 'if-rev': ifRev },
    examples: ['vitrine unset 3f9c user'],
    load: async () => (await import('./verbs/set.ts')).unset,
  },
  {
    name: 'rm',
    operands: ['REF...'],
    count: [1, Infinity],
    summary: 'remove sessions',
    options: { yes, 'dry-run': dryRun },
    examples: ['vitrine rm 3f9c', 'vitrine ls -q user:mallory | vitrine rm - --yes'],
    load: async () => (await import('./verbs/rm.ts')).rm,
  },
  {
    name: 'reap',
    operands: [],
    count: [0, 0],
    summary: 'remove expired sessions',
    options: { 'dry-run': dryRun },
    examples: ['vitrine reap --dry-run'],
    load: async () => (await import('./verbs/reap.ts')).reap,
  },
  {
    name: 'reset',
    operands: [],
    count: [0, 0],
    summary: 'remove every session',
    options: { yes },
    examples: ['vitrine reset --yes'],
    load: async () => (await import('./verbs/reset.ts')).reset,
  },
  {
    name: 'where',
    operands: [],
    count: [0, 0],
    summary: 'say which store is used, and why',
    options: { json },
    examples: ['vitrine where'],
    load: async () => (await import('./verbs/where.ts')).where,
  },
  {
    name: 'help',
    operands: ['[VERB]'],
    count: [0, 1],
    summary: 'explain a verb',
    options: {},
    examples: ['vitrine help ls'],
  },
]

/** The verb of a name. */
export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name)
}
