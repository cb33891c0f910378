/**
 * The cookie that a browser is signed in with: which token opened it and until when, signed; the token itself is not in
 * it, and nothing is kept of it here. Owns its name, its form and its key. Knows no token but the admin's, from which
 * the key is made, so that another admin token ends all sessions.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { parse, parseSigned, serialize, serializeSigned } from 'hono/utils/cookie';
import { hostOf } from './origins.ts';
import type { AppPorts } from './ports.ts';

/** Seconds that a session lasts: 30 days. */
export const SESSION_SECONDS = 2_592_000;
/** Whoever has a cookie can try admin tokens on its signature, so each try is made dear. */
const ITERATIONS = 50_000;
/** More of one name are never sent by a browser that means well. */
const MAX_COOKIES = 4;

/** What the cookie of a request says. */
export type Said =
  | { readonly kind: 'nothing' }
  /** This gateway, with this admin token, has not signed it. */
  | { readonly kind: 'forged' }
  | { readonly kind: 'expired' }
  /** Two that are good, of two tokens: a page of a neighbouring name has put its own beside this browser's. */
  | { readonly kind: 'ambiguous' }
  /** The digest of the token that opened it; `expiresAt` by the gateway's clock. */
  | { readonly kind: 'session'; readonly digest: string; readonly expiresAt: number };

export interface SessionCookie {
  read(request: Request): Promise<Said>;
  /** The value of `Set-Cookie` that signs a browser in as whoever has the token of this digest. */
  signIn(request: Request, digest: string): Promise<{ readonly cookie: string; readonly expiresAt: number }>;
  /** The value of `Set-Cookie` that signs it out. */
  signOut(request: Request): Promise<string>;
}

export function makeSessionCookie({
  token,
  clock,
  allowed,
}: Pick<AppPorts, 'token' | 'clock' | 'allowed'>): SessionCookie {
  let made: { readonly of: string; readonly key: Promise<Uint8Array<ArrayBuffer>> } | undefined;

  function keyNow(): Promise<Uint8Array<ArrayBuffer>> {
    const admin = token();
    if (made?.of !== admin) made = { of: admin, key: keyOf(admin) };
    return made.key;
  }

  /**
   * Cookies know no port: gateways side by side on one machine would take each other's for their own, were it not for
   * names of their own.
   */
  function nameWith(key: Uint8Array, request: Request): string {
    return `tidings_${bytesToHex(hmac(sha256, key, utf8ToBytes(`name\n${hostOf(request)}`))).slice(0, 12)}`;
  }

  /** Without an expiry of its own in the browser's time: a clock that is wrong there ends nothing. */
  function settings(request: Request, maxAge: number) {
    return {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure: overTls(request, allowed(request).origins),
      maxAge,
    } as const;
  }

  return {
    async read(request) {
      const given = request.headers.get('cookie') ?? '';
      if (!given.includes('tidings_')) return { kind: 'nothing' };
      const key = await keyNow();
      const name = nameWith(key, request);
      // Another page of this machine can set one of the same name beside it, so each is looked at.
      const own = given
        .split(';')
        .filter((one) => parse(one, name)[name] !== undefined)
        .slice(0, MAX_COOKIES);
      let said: Said = { kind: own.length === 0 ? 'nothing' : 'forged' };
      const good: Extract<Said, { kind: 'session' }>[] = [];
      for (const one of own) {
        const value = (await parseSigned(one, key, name))[name];
        const [, digest, seconds] = (value || '').match(/^([0-9a-f]{64})\.(\d{1,12})$/) ?? [];
        if (digest === undefined) continue;
        const expiresAt = Number(seconds) * 1_000;
        if (expiresAt > clock.now()) good.push({ kind: 'session', digest, expiresAt });
        else said = { kind: 'expired' };
      }
      const [first] = good;
      if (!first) return said;
      // Whoever writes as another without knowing it tells that one everything.
      return good.every(({ digest }) => digest === first.digest) ? first : { kind: 'ambiguous' };
    },

    async signIn(request, digest) {
      const key = await keyNow();
      const until = Math.floor(clock.now() / 1_000) + SESSION_SECONDS;
      const cookie = await serializeSigned(
        nameWith(key, request),
        `${digest}.${until}`,
        key,
        settings(request, SESSION_SECONDS),
      );
      return { cookie, expiresAt: until * 1_000 };
    },

    async signOut(request) {
      return serialize(nameWith(await keyNow(), request), '', settings(request, 0));
    },
  };
}

async function keyOf(admin: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = await crypto.subtle.importKey('raw', new TextEncoder().encode(admin), 'PBKDF2', false, [
    'deriveBits',
  ]);
  const salt = new TextEncoder().encode('tidings: the key of session cookies, 1');
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ITERATIONS };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, text, 256));
}

/** Whether people reach the gateway by https: a page says so itself; for others it is where they asked. */
function overTls(request: Request, origins: readonly string[]): boolean {
  const origin = request.headers.get('origin')?.toLowerCase();
  if (origin !== undefined) return origin.startsWith('https:');
  return new URL(request.url).protocol === 'https:' || origins.includes(`https://${hostOf(request)}`);
}
