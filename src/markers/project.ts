/**
 * The words of a marker that starts a session: the project in front, what may stand behind that, and the task. Owns
 * how a project's name becomes one of the configured repositories.
 */
import { labelOf } from '../core/label.ts';

export interface Ordered {
  /** A configured repository, as `name` or `name@base`. */
  readonly repo?: string;
  readonly label?: string;
  readonly task: string;
}

export type Order =
  | { readonly ok: true; readonly order: Ordered }
  | { readonly ok: false; readonly error: string };

const projectPattern = /^(?:([A-Za-z0-9_.-]+)\/)?([A-Za-z0-9_.-]+)(?:@(\S+))?$/;
const flag = /^--worktree(?:=(\S*))?(?:\s+|$)/;
const worktreeName = /^(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;

/**
 * Reads `org/repo[@base] [--worktree[=name]] what to do`. A first word without a slash is a project only if there is
 * one of that name; otherwise all are words of the task.
 */
export function readOrder(words: string, repositories: readonly string[]): Order {
  const text = words.trim();
  const [first = ''] = /^\S*/.exec(text) ?? [];
  const [, org, name = '', base] = projectPattern.exec(first.replace(/:$/, '')) ?? [];
  const wanted = name.toLowerCase();
  const repo = repositories.find((one) => one === wanted);
  if (!repo && (org === undefined || name === '')) return { ok: true, order: { task: text } };
  if (!repo) return { ok: false, error: unknown(`${org}/${name}`, repositories) };

  let rest = text.slice(first.length).trimStart();
  let label: string | undefined;
  for (let found = flag.exec(rest); found; found = flag.exec(rest)) {
    const [all, given] = found;
    if (given !== undefined) {
      if (!worktreeName.test(given)) {
        const error = `a worktree's name is made of letters, digits, "_", "-" and ".", without ".." and no "." in front; this is "${given.slice(0, 80)}"`;
        return { ok: false, error };
      }
      label = labelOf(given);
    }
    rest = rest.slice(all.length);
  }
  return {
    ok: true,
    order: {
      repo: base === undefined ? repo : `${repo}@${base}`,
      ...(label === undefined ? {} : { label }),
      task: rest,
    },
  };
}

function unknown(name: string, repositories: readonly string[]): string {
  return repositories.length === 0
    ? `there is no project "${name}": this gateway has none, so leave the name out`
    : `there is no project "${name}"; there is ${repositories.join(', ')}`;
}
