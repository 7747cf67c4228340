import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isPlainObject, own, put, type JsonObject } from '../../core/data.ts'
import { VitrineError } from '../../core/errors.ts'
import { errorCode } from './io.ts'
import { readPerlYaml } from './perl-yaml-reader.ts'
import { requireYaml } from './yaml.ts'

/**
 * Reads a Dancer app's settings as Dancer does: `config.yml`, and over it the file of the environment from
 * `environments/`. Hashes are merged, lists and scalars replaced; every scalar is a text.
 * @param path of config.yml
 * @param env `DANCER_ENVIRONMENT` or `PLACK_ENV` names the environment (else `development`); `DANCER_APPDIR`
 *   (else the folder of config.yml) and `DANCER_ENVDIR` say where the app and its environments are
 * @throws VitrineError `CONFIG` when a file cannot be read, `MISSING_PACKAGE` without the package `yaml`
 */
export function readDancerSettings(
  path: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): JsonObject {
  const settings = readSettings(path)
  if (settings === null) throw unusable(path, 'there is no such file')
  const appdir = env['DANCER_APPDIR'] || dirname(resolve(path))
  const envdir = env['DANCER_ENVDIR'] || join(appdir, 'environments')
  const environment = env['DANCER_ENVIRONMENT'] || env['PLACK_ENV'] || 'development'
  const merged = overlay(settings, readSettings(join(envdir, `${environment}.yml`)) ?? {})
  merged['session_dir'] ??= join(appdir, 'sessions')
  return merged
}

/** @returns `null` when there is no such file */
function readSettings(path: string): JsonObject | null {
  const yaml = requireYaml()
  let settings: unknown
  try {
    settings = readPerlYaml(yaml, readFileSync(path, 'utf8'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw unusable(path, (error as Error).message, error)
  }
  if (!isPlainObject(settings)) throw unusable(path, 'it holds no settings')
  return settings
}

function overlay(base: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...base }
  for (const key of Object.keys(over)) {
    const below = own(base, key)
    const above = over[key]
    put(merged, key, isPlainObject(below) && isPlainObject(above) ? overlay(below, above) : above)
  }
  return merged
}

function unusable(path: string, reason: string, cause?: unknown): VitrineError {
  return new VitrineError('CONFIG', `Cannot use the Dancer settings in "${path}": ${reason}`, cause)
}
