/**
 * Owns what no command of a session may read, on any machine: credentials, and what leads to them. Never looks into
 * any of it.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Below the home folder. */
const inHome = [
  // Keys, and programs that hold them.
  '.ssh',
  '.gnupg',
  '.password-store',
  '.pki',
  '.local/share/keyrings',
  '.netrc',
  '.authinfo',
  '.authinfo.gpg',
  // Clouds and clusters.
  '.aws',
  '.azure',
  '.boto',
  '.config/doctl',
  '.config/gcloud',
  '.config/rclone',
  '.docker',
  '.config/containers/auth.json',
  '.kube',
  '.oci',
  '.s3cfg',
  '.terraform.d',
  '.vault-token',
  // Where code is kept.
  '.config/gh',
  '.config/glab-cli',
  '.config/hub',
  '.git-credentials',
  '.config/git/credentials',
  // Where packages come from.
  '.bundle/config',
  '.cargo/credentials',
  '.cargo/credentials.toml',
  '.composer/auth.json',
  '.config/composer/auth.json',
  '.gem/credentials',
  '.gradle/gradle.properties',
  '.m2/settings.xml',
  '.m2/settings-security.xml',
  '.npmrc',
  '.pypirc',
  '.yarnrc.yml',
  // Databases.
  '.my.cnf',
  '.pgpass',
  // Other assistants: their keys and what was said to them.
  '.anthropic',
  '.codex',
  '.config/github-copilot',
  '.gemini',
  '.local/share/opencode',
  // What was typed, and what browsers keep.
  '.bash_history',
  '.zsh_history',
  '.config/chromium',
  '.config/google-chrome',
  '.mozilla',
  '.thunderbird',
] as const;

const ofTheSystem = [
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/sudoers',
  '/etc/sudoers.d',
  '/run/secrets',
  '/var/run/secrets',
  '/run/user',
] as const;

/** What there is of it may change from command to command, so it is asked for anew before each. */
export async function closedPlaces(home: string): Promise<string[]> {
  const claude = (await namesIn(home)).filter((name) => name.startsWith('.claude'));
  const hostKeys = (await namesIn('/etc/ssh')).filter((name) => /^ssh_host_.*_key$/.test(name));
  return [
    ...[...inHome, ...claude].map((name) => join(home, name)),
    ...ofTheSystem,
    ...hostKeys.map((name) => join('/etc/ssh', name)),
  ];
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
