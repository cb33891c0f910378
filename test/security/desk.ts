/**
 * Named tokens kept in memory, for tests of the door: given out, revoked, made unreadable; and the table of the
 * routes that there are, read from the API's own description. Judges nothing.
 */
import { z } from 'zod';
import type { Scope } from '../../src/http/scopes.ts';
import { bookOf, digestOf, type NamedToken, type NamedTokens } from '../../src/http/tokens.ts';
import { type Door, type DoorOptions, openDoor } from '../http/door.ts';

export interface Desk extends NamedTokens {
  /** A new token's own text. */
  give(name: string, scopes: readonly Scope[], owner?: string): string;
  revoke(name: string): void;
  /** From now on nobody can read them. */
  damage(): void;
  readonly watchers: number;
}

function makeDesk(): Desk {
  let tokens: NamedToken[] | undefined = [];
  const watchers = new Set<() => void>();
  const change = (to: NamedToken[] | undefined): void => {
    tokens = to;
    for (const changed of [...watchers]) changed();
  };
  return {
    give(name, scopes, owner = name) {
      const token = `tid_${name.padEnd(32, '-')}`;
      change([...(tokens ?? []), { name, digest: digestOf(token), scopes, owner, revoked: false }]);
      return token;
    },
    revoke: (name) => change(tokens?.map((one) => (one.name === name ? { ...one, revoked: true } : one))),
    damage: () => change(undefined),
    all: () => tokens,
    watch(changed) {
      const own = (): void => changed();
      watchers.add(own);
      return () => watchers.delete(own);
    },
    get watchers() {
      return watchers.size;
    },
  };
}

export interface DeskDoor extends Door {
  readonly desk: Desk;
}

/** A door that takes the tokens of a desk. */
export function openDeskDoor(options: DoorOptions = {}): DeskDoor {
  const desk = makeDesk();
  return { ...openDoor({ ...options, ports: { ...options.ports, named: bookOf(desk) } }), desk };
}

/** The header that carries a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The chat in an answer. */
export function chatIn(body: unknown): { id: string; owner: string } {
  return z.object({ chat: z.object({ id: z.string(), owner: z.string() }) }).parse(body).chat;
}

export interface DocumentedRoute {
  readonly method: string;
  /** With `{chat}` and `{target}`. */
  readonly path: string;
  /** Undefined: it needs no token. */
  readonly scope: string | undefined;
}

/** Every route there is: what is added later is here, too. */
export async function routeTable(door: Door): Promise<DocumentedRoute[]> {
  const shape = z.object({
    paths: z.record(
      z.string(),
      z.record(
        z.string(),
        z.object({ security: z.array(z.object({ token: z.array(z.string()).length(1) })) }),
      ),
    ),
  });
  const { paths } = shape.parse(await (await door.request('GET', '/openapi.json')).json());
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path,
      scope: security[0]?.token[0],
    })),
  );
}

/** A route's address in a chat. */
export function addressOf({ path }: DocumentedRoute, chat: string, target = 'all'): string {
  return path.replace('{chat}', chat).replace('{target}', target).replace('{seq}', '1');
}
