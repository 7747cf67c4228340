/** The two settings of a Dancer `config.yml` that tell where its sessions are. */
export interface DancerSettings {
  readonly session?: string
  readonly session_dir?: string
}

const SETTING =
  /^(session|session_dir):[ \t]+(?:"([^"]*)"|'([^']*)'|([^\s#'"][^#\r\n]*?))[ \t]*(?:#.*)?$/gm

/**
 * Reads the two settings, without a YAML parser: both are plain words at the left margin.
 * @param text of a `config.yml` or of an environment's file
 */
export function dancerSettings(text: string): DancerSettings {
  const settings: Record<string, string> = {}
  for (const [, key, double, single, plain] of text.matchAll(SETTING)) {
    settings[key as string] = double ?? single ?? (plain as string)
  }
  return settings
}
