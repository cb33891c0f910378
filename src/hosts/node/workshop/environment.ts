/**
 * Owns which environment variables a command of a worker sees: a short list of the gateway's own and those
 * made for it. Never hands on a key, a token or a setting of the gateway.
 */
import { type Marker, markerVariable } from './marker.ts';

const handedOn =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS)$/;
const proxies = /^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/;

export type Environment = Readonly<Record<string, string>>;

/** What is handed on of `source`; a proxy only if no password stands in its address. */
export function allowed(source: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = { PATH: '/usr/local/bin:/usr/bin:/bin' };
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined) continue;
    if (handedOn.test(name) || (proxies.test(name) && !value.includes('@'))) env[name] = value;
  }
  return env;
}

/** Who commits when a worker does: a name for people to recognise, an address that can't exist. */
export function gitIdentity(path: string): Environment {
  const name = path === '' ? 'Tidings assistant' : `Tidings subagent ${path}`;
  const mailbox = path === '' ? 'assistant' : path.replace(/[^A-Za-z0-9]+/g, '.');
  const email = `${mailbox}@subagents.tidings.invalid`;
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

/** The whole environment of a worker's command. `tmp` is the folder that TMPDIR names. */
export function workerEnvironment(options: {
  readonly source: Readonly<Record<string, string | undefined>>;
  readonly path: string;
  readonly tmp: string;
  readonly marker: Marker;
  /** Folders that git is to trust although another user may own them. */
  readonly trusted: readonly string[];
  /** Where git stops to look for a repository: one around the data folder is not the worker's. */
  readonly ceiling: string;
  /** It runs in a sandbox, where the home folder is read-only and hosts are reached through a proxy. */
  readonly sandboxed?: boolean;
}): Environment {
  return {
    ...allowed(options.source),
    ...(options.sandboxed ? sandboxVariables(options.tmp) : {}),
    ...gitIdentity(options.path),
    ...gitSettings([
      // Nobody is there to type a passphrase, and housekeeping would be cut off with the call.
      ['commit.gpgSign', 'false'],
      ['tag.gpgSign', 'false'],
      ['gc.auto', '0'],
      ['maintenance.auto', 'false'],
      ...options.trusted.map((folder): [string, string] => ['safe.directory', folder]),
    ]),
    GIT_CEILING_DIRECTORIES: options.ceiling,
    GIT_TERMINAL_PROMPT: '0',
    GIT_EDITOR: 'true',
    GIT_PAGER: 'cat',
    PAGER: 'cat',
    TERM: 'dumb',
    TMPDIR: options.tmp,
    [markerVariable]: options.marker,
  };
}

/** What programs need to know where their usual places can't be written, and that Node is to ask the proxy. */
function sandboxVariables(tmp: string): Environment {
  const caches = `${tmp}/cache`;
  return {
    XDG_CACHE_HOME: caches,
    XDG_STATE_HOME: `${caches}/state`,
    npm_config_cache: `${caches}/npm`,
    npm_config_store_dir: `${caches}/pnpm`,
    CARGO_HOME: `${caches}/cargo`,
    GOMODCACHE: `${caches}/go`,
    GRADLE_USER_HOME: `${caches}/gradle`,
    NUGET_PACKAGES: `${caches}/nuget`,
    NODE_USE_ENV_PROXY: '1',
  };
}

function gitSettings(settings: readonly (readonly [string, string])[]): Environment {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  settings.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return env;
}
