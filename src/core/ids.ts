/**
 * Names that are derived, never drawn: doing a thing twice gives it the same name, so it is done once.
 * Owns how ids, secrets and nonces follow from what is already known. Draws no randomness.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { PrefixParams } from './ports.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** `length` characters of `[0-9a-z]` out of a digest; 5 bits of entropy each, at least. */
function readable(digest: Uint8Array, length: number): string {
  let number = 0n;
  for (const byte of digest) number = (number << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < length; i++) {
    text += ALPHABET[Number(number % 36n)];
    number /= 36n;
  }
  return text;
}

/** A subagent's id from who spawned it and with which call: the same spawn again is the same subagent. */
export function childId(parent: string, call: string): string {
  return `sub_${readable(sha256(utf8ToBytes(`${parent}\n${call}`)), 16)}`;
}

/** Whether an id is a subagent's, whether or not that is born yet. */
export function isSubagentId(id: string): boolean {
  return id.startsWith('sub_');
}

/** A child's secret from its parent's: nobody else can compute the nonces of its announcements. */
export function childSecret(parentSecret: string, child: string): string {
  return readable(hmac(sha256, utf8ToBytes(parentSecret), utf8ToBytes(`secret\n${child}`)), 32);
}

/** The fence's nonce: 8 characters that whoever wrote the fenced text can't have known. */
export function nonce(secret: string, subagent: string, attempt: number): string {
  return readable(hmac(sha256, utf8ToBytes(secret), utf8ToBytes(`${subagent}\n${attempt}`)), 8);
}

/** A chat's id: drawn by the host, or derived from the id under which it was asked for. */
export function chatIdFor(owner: string, requestId: string): string {
  return `chat_${readable(sha256(utf8ToBytes(`${owner}\n${requestId}`)), 16)}`;
}

/** A file's id from its chat, its name and a digest of what it holds: the same file again is the same file. */
export function fileId(chat: string, name: string, digest: Uint8Array): string {
  return `file_${readable(sha256(utf8ToBytes(`${chat}\n${name}\n${bytesToHex(digest)}`)), 20)}`;
}

/** A name for words: the same words have the same one. */
export function wordsDigest(words: string): string {
  return readable(sha256(utf8ToBytes(words)), 20);
}

/** The how-manieth request for input of a session it is: so an old one is known from one that never was. */
export function requestId(session: string, n: number): string {
  return `${session}.q${n}`;
}

/** Mail as its receiver names it: who sent it and the how-manieth it is. */
export function mailId(sender: string, n: number): string {
  return `${sender}#${n}`;
}

/** The message that a step's answer becomes; known before the answer is. */
export function answerId(session: string, step: number): string {
  return `${session}.s${step}`;
}

/** The message that the mail accepted at `seq` is, on the feed. */
export function messageId(session: string, seq: number): string {
  return `${session}.m${seq}`;
}

const digests = new WeakMap<PrefixParams, string>();

/** A short hash of all that a prefix fixes; the same for equal parameters, whoever made them. */
export function digestOf(params: PrefixParams): string {
  const known = digests.get(params);
  if (known !== undefined) return known;
  const digest = bytesToHex(sha256(utf8ToBytes(JSON.stringify(params)))).slice(0, 32);
  digests.set(params, digest);
  return digest;
}
