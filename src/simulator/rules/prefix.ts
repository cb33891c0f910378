/**
 * The canonical prefix of a request and the signatures bound to it. Owns what counts as "the same
 * conversation so far": system, tools and messages, but no `cache_control` marks, no thinking blocks, and
 * nothing of how messages are cut up. Shared by the side that signs and the rules that verify.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { blocksOf, type Fields, isFields } from '../request.ts';

export interface Prefix {
  /** Continues the prefix by one block. */
  add(role: string, block: Fields): void;
  /** A short hash of everything so far. */
  digest(): string;
}

/** The prefix that system and tools begin. */
export function beginPrefix(system: readonly Fields[], tools: readonly Fields[]): Prefix {
  const hash = sha256.create();
  let role = '';
  const write = (text: string) => hash.update(utf8ToBytes(text));
  for (const tool of tools) write(`tool ${JSON.stringify(unmarked(tool))}\n`);
  for (const block of system) {
    const text = canonicalBlock(block);
    if (text !== undefined) write(`system ${text}\n`);
  }
  return {
    add(nextRole, block) {
      const text = canonicalBlock(block);
      if (text === undefined) return;
      if (nextRole !== role) write(`role ${nextRole}\n`);
      role = nextRole;
      write(`${text}\n`);
    },
    digest: () => bytesToHex(hash.clone().digest()).slice(0, 32),
  };
}

/** The prefix of a whole request: what an answer to it is bound to. */
export function requestPrefix(body: Fields): Prefix {
  const prefix = beginPrefix(
    blocksOf(body.system),
    Array.isArray(body.tools) ? body.tools.filter(isFields) : [],
  );
  if (Array.isArray(body.messages))
    for (const message of body.messages)
      if (isFields(message))
        for (const block of blocksOf(message.content)) prefix.add(String(message.role), block);
  return prefix;
}

/** A block as the model would read it; undefined for what leaves no trace in the prefix. */
function canonicalBlock(block: Fields): string | undefined {
  switch (block.type) {
    case 'thinking':
    case 'redacted_thinking':
      return undefined;
    case 'text': {
      if (typeof block.text !== 'string' || block.text.trim() === '') return undefined;
      const citations = Array.isArray(block.citations) && block.citations.length > 0 ? block.citations : [];
      return JSON.stringify(['text', block.text, ...citations]);
    }
    case 'server_tool_use':
      return JSON.stringify(['server_tool_use', block.id, block.name, block.input]);
    case 'web_search_tool_result':
      return JSON.stringify(['web_search_tool_result', block.tool_use_id, block.content]);
    case 'tool_use':
      return JSON.stringify(['tool_use', block.id, block.name, block.input]);
    case 'tool_result':
      return JSON.stringify([
        'tool_result',
        block.tool_use_id,
        block.is_error === true,
        blocksOf(block.content).map(canonicalBlock),
      ]);
    default:
      return JSON.stringify(unmarked(block));
  }
}

/** The fields without their cache mark. */
export function unmarked(fields: Fields): Fields {
  if (!('cache_control' in fields)) return fields;
  const { cache_control: _, ...rest } = fields;
  return rest;
}

// ───────────────────────────────────────────────────────────── signatures

export interface Signature {
  /** Which thinking block of its answer it is, from 1, and of how many. */
  readonly index: number;
  readonly of: number;
  /** Bound to the block's own text, and to the prefix before it. */
  readonly own: string;
  readonly prefix: string;
}

const form = /^sim1\.(\d+)\.(\d+)\.([0-9a-f]{16})\.([0-9a-f]{32})$/;

function ownHash(thinking: string, index: number, of: number): string {
  return bytesToHex(sha256(utf8ToBytes(`${index}/${of} ${thinking}`))).slice(0, 16);
}

/** Signs the `index`-th of an answer's `of` thinking blocks, as it stands behind `prefix`. */
export function sign(thinking: string, index: number, of: number, prefix: Prefix): string {
  return `sim1.${index}.${of}.${ownHash(thinking, index, of)}.${prefix.digest()}`;
}

/** Reads a signature of the simulator's own; undefined for any other. */
export function readSignature(text: unknown): Signature | undefined {
  const match = typeof text === 'string' ? form.exec(text) : null;
  if (match === null) return undefined;
  const [, index, of, own, prefix] = match;
  if (own === undefined || prefix === undefined) return undefined;
  return { index: Number(index), of: Number(of), own, prefix };
}

/** Whether a thinking block still says what was signed. */
export function isUnmodified(thinking: unknown, signature: Signature): boolean {
  return typeof thinking === 'string' && ownHash(thinking, signature.index, signature.of) === signature.own;
}

/**
 * Ids of tool calls that the simulator makes say how many thinking blocks came in their answer, so that a
 * transcript that lost them can be told from one that never had any.
 */
export function thoughtMark(thoughts: number): string {
  return thoughts > 0 ? `_t${thoughts}` : '';
}
export function thoughtsBefore(toolUseId: unknown): number {
  const match = typeof toolUseId === 'string' ? /^toolu_sim_\w+_t(\d+)$/.exec(toolUseId) : null;
  return match === null ? 0 : Number(match[1]);
}

// ───────────────────────────────────────────────────────────── what a search found

const sealed = /^simenc1\.([0-9a-f]{16})\.(.*)$/s;

/** What stands for the contents of a page that a search found, which only the API reads. */
export function seal(url: string): string {
  return `simenc1.${bytesToHex(sha256(utf8ToBytes(`page ${url}`))).slice(0, 16)}.${url}`;
}

/** The address of the page; undefined for what the simulator didn't seal. */
export function readSeal(text: unknown): string | undefined {
  const url = typeof text === 'string' ? sealed.exec(text)?.[2] : undefined;
  return url !== undefined && seal(url) === text ? url : undefined;
}
