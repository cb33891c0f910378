/**
 * What names of other systems mean here: a project or a folder as a repository. Asks the gateway which repositories there
 * are, and never guesses between two.
 */
import type { Client } from '../../client/index.ts';

export type Chosen =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly error: string };

/**
 * The configured repository that is meant.
 * @param wanted its name, or a path whose last part is its name; absent: the only one there is
 * @param field how the client calls what it names it with
 */
export async function repositoryOf(
  client: Client,
  wanted: string | undefined,
  field: string,
): Promise<Chosen> {
  const names = (await client.repositories()).map(({ name }) => name);
  if (names.length === 0) {
    return {
      ok: false,
      error: 'This gateway has no repositories: "repositories" in its configuration names them.',
    };
  }
  const there = names.length === 1 ? `there is ${names.join('')}` : `there are ${names.join(', ')}`;
  const [only] = names;
  if (wanted === undefined || wanted.trim() === '') {
    if (names.length === 1 && only !== undefined) return { ok: true, name: only };
    return { ok: false, error: `${field} is missing, and ${there}: name one of them.` };
  }
  const last =
    wanted
      .trim()
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? '';
  const name = names.find((one) => one === wanted.trim()) ?? names.find((one) => one === last);
  if (name !== undefined) return { ok: true, name };
  const shown = wanted.length <= 80 ? wanted : `${wanted.slice(0, 79)}…`;
  return { ok: false, error: `${field} "${shown.toWellFormed()}" is no configured repository; ${there}.` };
}
