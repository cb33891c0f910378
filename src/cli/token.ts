/** `tidings token`: makes, lists and revokes named tokens, whether a gateway runs or not. Owns its words. */
import { parseArgs } from 'node:util';
import { addToken, revokeToken } from '../hosts/node/tokens/issue.ts';
import { type KeptToken, readTokens, TokenError, tokenFilePath } from '../hosts/node/tokens/token-file.ts';
import { scopes } from '../http/scopes.ts';

const usage = `tidings token add <name> --scopes <${scopes.join(',')}> [--owner <owner>]
tidings token list
tidings token revoke <name>`;

interface Terminal {
  /** Standard output: what was asked for. */
  readonly print: (line: string) => void;
  /** Standard error: what else is to be said. */
  readonly complain: (line: string) => void;
}

/**
 * @param folder where the data folder is
 * @returns the exit code
 * @throws TokenError in words for whoever asked
 */
export function token(args: readonly string[], folder: () => string, { print, complain }: Terminal): number {
  const [action, ...rest] = args;
  switch (action) {
    case 'add': {
      const { names, values } = read(rest);
      const [name] = exactly(names, 1);
      if (values.scopes === undefined) throw wrong('A token needs --scopes.');
      const wish = {
        name,
        scopes: values.scopes
          .flatMap((one) => one.split(','))
          .map((one) => one.trim())
          .filter((one) => one !== ''),
        ...(values.owner === undefined ? {} : { owner: values.owner }),
      };
      const { token: made, kept } = addToken(folder(), wish, Date.now());
      print(made);
      complain(
        `This is the token ${kept.name}: ${kept.scopes.join(', ')} for the chats of ${kept.owner}. It is shown this once; only its digest is kept, in ${tokenFilePath(folder())}. A gateway that runs knows it already.`,
      );
      return 0;
    }
    case 'list': {
      exactly(plain(rest), 0);
      const kept = readTokens(folder());
      if (kept.length === 0)
        complain(`There are no named tokens in ${folder()}. Make one: tidings token add`);
      else for (const line of table(kept)) print(line);
      return 0;
    }
    case 'revoke': {
      const [name] = exactly(plain(rest), 1);
      const { revokedAt = 0, owner } = revokeToken(folder(), name, Date.now());
      print(`The token ${name} is revoked since ${time(revokedAt)}. The chats of ${owner} stay as they are.`);
      return 0;
    }
    case undefined:
      throw wrong('What about tokens?');
    default:
      throw wrong(`There is no "tidings token ${action}".`);
  }
}

function read(args: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { scopes: { type: 'string', multiple: true }, owner: { type: 'string' } },
    });
    return { names: positionals, values };
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

/** For what takes names only. */
function plain(args: readonly string[]): string[] {
  const { names, values } = read(args);
  const [option] = Object.keys(values);
  if (option !== undefined) throw wrong(`There is no --${option} here.`);
  return names;
}

function exactly(names: readonly string[], count: 0): [];
function exactly(names: readonly string[], count: 1): [string];
function exactly(names: readonly string[], count: number): string[] {
  if (names.length > count) throw wrong(`There is nothing to do with "${names[count]}".`);
  if (names.length < count) throw wrong('Which token? Its name is missing.');
  return [...names];
}

function wrong(what: string): TokenError {
  return new TokenError(2, `${what.replace(/\p{Cc}/gu, '?')}\n${usage}`);
}

function table(kept: readonly KeptToken[]): string[] {
  const rows = [
    ['NAME', 'OWNER', 'SCOPES', 'MADE', 'STATE'],
    ...kept.map((one) => [
      one.name,
      one.owner,
      one.scopes.join(','),
      time(one.createdAt),
      one.revokedAt === undefined ? 'in force' : `revoked ${time(one.revokedAt)}`,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
