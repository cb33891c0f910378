/**
 * The setting of the sandbox: what it may be, and which hosts commands reach when nobody says anything. Never makes
 * one.
 */
import { z } from 'zod';
import { ipVersion } from './ip.ts';

const modes = ['required', 'preferred', 'off'] as const;

/** Where packages are fetched from. None of these takes files from everybody. */
export const usualHosts: readonly string[] = [
  // npm, Yarn, JSR
  'registry.npmjs.org',
  'registry.yarnpkg.com',
  'npm.jsr.io',
  'jsr.io',
  // Python
  'pypi.org',
  'files.pythonhosted.org',
  // Rust
  'crates.io',
  'index.crates.io',
  'static.crates.io',
  // Go
  'proxy.golang.org',
  'sum.golang.org',
  // Ruby
  'rubygems.org',
  'index.rubygems.org',
  // Java
  'repo.maven.apache.org',
  'repo1.maven.org',
  'plugins.gradle.org',
  'services.gradle.org',
  // .NET, PHP, Elixir
  'api.nuget.org',
  'repo.packagist.org',
  'repo.hex.pm',
];

const modeWords =
  'required, preferred or off, or in the file an object such as {"mode": "required", "hosts": ["registry.npmjs.org"]}';
const hostWords =
  'a host (registry.npmjs.org), all names below one (*.example.org) or an IP address, with or without a port (127.0.0.1:5432)';
const pathWords = 'the path of a file or folder';
const foldersWords = 'a list of at most 100 paths, such as ["~/.cache/models"]';

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Whether a text can stand in the list of hosts; small letters only. */
function isSandboxHost(text: string): boolean {
  const [, bare = '', port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  if (port !== undefined && !(/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535)) return false;
  if (bare.startsWith('[')) return bare.endsWith(']') && ipVersion(bare.slice(1, -1)) === 6;
  // One label alone would be a whole top-level domain.
  if (bare.startsWith('*.')) return hostName.test(bare.slice(2)) && bare.slice(2).includes('.');
  return ipVersion(bare) === 4 || (hostName.test(bare) && !/(^|\.)\d+$/.test(bare));
}

const path = z
  .string(pathWords)
  .regex(/^(?!\s*$)[^\0]+$/, pathWords)
  .max(4096, pathWords);

export const sandboxSchema = z
  .preprocess(
    (value) => (typeof value === 'string' && modes.some((mode) => mode === value) ? { mode: value } : value),
    z.strictObject(
      {
        mode: z.enum(modes, 'required, preferred or off').default('preferred'),
        hosts: z
          .array(
            z
              .string(hostWords)
              .transform((text) => text.toLowerCase())
              .refine(isSandboxHost, hostWords),
            { error: 'a list of hosts, such as ["registry.npmjs.org", "*.example.org"]' },
          )
          .max(500, 'a list of at most 500 hosts')
          .default(() => [...usualHosts]),
        write: z.array(path, foldersWords).max(100, foldersWords).default([]),
        hide: z.array(path, foldersWords).max(100, foldersWords).default([]),
      },
      { error: modeWords },
    ),
  )
  .default(() => ({ mode: 'preferred' as const, hosts: [...usualHosts], write: [], hide: [] }));
