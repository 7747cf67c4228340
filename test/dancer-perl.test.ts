import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as yaml from 'yaml'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../src/core/data.ts'
import type { SessionRecord } from '../src/core/store.ts'
import { dancerJsonLayout } from '../src/stores/file/dancer-json.ts'
import { dancerYamlLayout } from '../src/stores/file/dancer-yaml.ts'
import type { Layout } from '../src/stores/file/layout.ts'

/**
 * Reads each session file as the Dancer engine does, tells what it found (every scalar as a text), and writes
 * it back as that engine does.
 */
const PERL = String.raw`
use strict; use warnings; use open qw(:std :encoding(UTF-8));
my ($engine, $dir) = @ARGV;
$engine eq 'YAML' ? require YAML : require JSON;
require JSON::PP;
my $plain; $plain = sub {
  my ($v) = @_;
  return undef unless defined $v;
  return { map { $_ => $plain->($v->{$_}) } keys %$v } if UNIVERSAL::isa($v, 'HASH');
  return [ map { $plain->($_) } @$v ] if ref $v eq 'ARRAY';
  return "$v";
};
my %found;
for my $file (glob "$dir/*.{json,yml}") {
  my ($id) = $file =~ m{(\d+)\.\w+$};
  my $session = eval {
    open my $in, '+<:raw', $file or die $!;
    return YAML::LoadFile($in) if $engine eq 'YAML';
    local $/; return JSON::from_json(<$in>);
  };
  if (!defined $session) { $found{$id} = { error => "$@" }; next }
  $found{$id} = { session => $plain->($session) };
  bless $session, "Dancer::Session::$engine";
  my $text = $engine eq 'YAML' ? YAML::Dump($session) : JSON::to_json({ %$session });
  open my $out, '>:encoding(utf-8)', $file or die $!;
  print $out $text; close $out or die $!;
}
print JSON::PP->new->canonical->encode(\%found);
`

function has(module: string): boolean {
  return spawnSync('perl', [`-M${module}`, '-e', '1']).status === 0
}

const CHARS = [
  ...'abz019 _-~.,:;#\'"`\\/|><=!?@$%^&*()[]{}+\t\n\r\0\u0001\u0007\b\f\u001b\u007f',
  ...[
    '\u0085',
    '\u00a0',
    '\u00ad',
    '\u00ff',
    '\u0439',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\ufffd',
    '\ue000',
    '😀',
  ],
  ...[
    '- ',
    ': ',
    ' #',
    ' | ',
    '---',
    '<<',
    '\\n',
    '\\x41',
    '": ',
    "': ",
    '%',
    '? ',
    '\r\n',
    ' \n',
    '\n ',
  ],
]
const WORDS =
  'true false null ~ yes no Inf NaN 0 1 42 -7 007 1e3 0x1f 1_000 2026-11-22 12:30:45 = << --- ... __proto__ constructor'
const text = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(fc.constantFrom(...CHARS), { maxLength: 8 }).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom(...WORDS.split(' ')) },
)
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(1e20, 2 ** 60, 2 ** 53, 1e21, 1.5e300, 0.1, -0.5),
  // Perl keeps 15 digits, and its JSON reads the tiniest numbers as 0
  fc
    .double({ noNaN: true, min: -1e200, max: 1e200 })
    .map((n) => (Math.abs(n) < 1e-200 ? 0 : Number(n.toPrecision(15)))),
)
const value = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    { weight: 4, arbitrary: text },
    { weight: 2, arbitrary: number },
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(text, tie('value'), { maxKeys: 5, noNullPrototype: true }),
})).object

function record(data: JsonObject, flash: JsonObject, revision: number): SessionRecord {
  const { id: _id, vitrine: _vitrine, ...rest } = data
  return {
    data: rest,
    ...(revision % 3 === 0 && { flash }),
    createdAt: 1_795_000_000_000 + revision,
    expiresAt: revision % 2 === 0 ? Infinity : 1_796_000_000_000,
    revision,
    ...(revision % 5 === 0 && { idle: 90_500, lifetime: Infinity }),
    ...(revision % 7 === 0 && { retired: true }),
  }
}

function records(count: number): Map<string, SessionRecord> {
  const sample = fc.sample(fc.tuple(value, value), {
    numRuns: count,
    seed: 20261122,
  })
  return new Map(sample.map(([data, flash], n) => [String(1000 + n), record(data, flash, n + 1)]))
}

/** What Perl makes of JSON: true is 1, false is nothing or 0, and every scalar a text. */
function inPerl(found: unknown, engine: string): unknown {
  if (found === null) return null
  if (typeof found === 'boolean') return found ? '1' : engine === 'YAML' ? '' : '0'
  if (Array.isArray(found)) return found.map((item) => inPerl(item, engine))
  if (typeof found !== 'object') return String(found)
  return Object.fromEntries(Object.entries(found).map(([k, v]) => [k, inPerl(v, engine)]))
}

interface Found {
  readonly session?: JsonObject
  readonly error?: string
}

const engines: readonly [string, Layout][] = [
  ['JSON', dancerJsonLayout],
  ['YAML', dancerYamlLayout(yaml)],
]

for (const [engine, layout] of engines) {
  const absent = !has(engine)
  describe(`sessions shared with Perl's ${engine} engine${absent ? ` (skipped: perl -M${engine} is not installed)` : ''}`, () => {
    const written = records(400)
    let dir: string
    let found: Record<string, Found>

    beforeAll(async () => {
      if (absent) return
      dir = await mkdtemp(join(tmpdir(), 'vitrine-perl-'))
      for (const [id, one] of written) {
        await writeFile(join(dir, `${id}${layout.extension}`), layout.encode(id, one))
      }
      const perl = spawnSync('perl', ['-e', PERL, engine, dir], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      })
      expect(perl.stderr).toBe('')
      found = JSON.parse(perl.stdout) as Record<string, Found>
    }, 60_000)

    afterAll(async () => {
      if (!absent) await rm(dir, { recursive: true })
    })

    it.skipIf(absent)('Perl reads what we write', () => {
      for (const [id, { data }] of written) {
        expect(found[id]?.error).toBeUndefined()
        const { id: inner, vitrine, ...rest } = found[id]?.session ?? {}
        expect(inner).toBe(id)
        expect(vitrine).toBeDefined()
        if (engine === 'YAML') expect(rest).toEqual(inPerl(data, engine))
      }
    })

    it.skipIf(absent)('what Perl writes again is the same record, with its types', async () => {
      for (const [id, one] of written) {
        const file = join(dir, `${id}${layout.extension}`)
        const { mtimeMs } = await stat(file)
        expect(layout.decode(id, await readFile(file), mtimeMs)).toEqual(one)
      }
    })
  })
}
