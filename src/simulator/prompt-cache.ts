/**
 * The simulator's prompt cache: which prefixes it has seen, and so what a request reads and writes.
 * Holds hashes in memory, never text. Tokens are a quarter of the characters; files are counted as what they show.
 */
import { hash } from 'node:crypto';
import { fileTokens } from './file-tokens.ts';
import { findModel } from './models.ts';
import { blocksOf, type Fields, isFields } from './request.ts';
import { unmarked } from './rules/prefix.ts';

export interface InputUsage {
  /** Tokens that were neither read from the cache nor written to it. */
  readonly input: number;
  readonly read: number;
  readonly write5m: number;
  readonly write1h: number;
}

export interface PromptCache {
  /** What a request uses of the cache; what it marks is there for the next one. */
  account(body: Fields): InputUsage;
}

type Life = '5m' | '1h';
interface Unit {
  readonly text: string;
  /** What it is counted as. */
  readonly characters: number;
  readonly mark: Life | undefined;
}

/** A mark finds what an earlier one wrote at most this many blocks before it. */
const lookback = 20;
const mostEntries = 200_000;
const lives: Readonly<Record<Life, number>> = { '5m': 300_000, '1h': 3_600_000 };

/** `now`: monotonic milliseconds, by which entries grow old. */
export function createPromptCache(now: () => number): PromptCache {
  const seen = new Map<string, { expires: number; life: Life }>();

  function isSeen(key: string | undefined): boolean {
    const entry = key === undefined ? undefined : seen.get(key);
    if (entry === undefined || key === undefined) return false;
    if (entry.expires < now()) {
      seen.delete(key);
      return false;
    }
    entry.expires = now() + lives[entry.life];
    return true;
  }

  function store(key: string, life: Life): void {
    seen.delete(key);
    seen.set(key, { expires: now() + lives[life], life });
    if (seen.size <= mostEntries) return;
    const oldest = seen.keys().next().value;
    if (oldest !== undefined) seen.delete(oldest);
  }

  return {
    account(body) {
      const units = [...unitsOf(body)];
      const minimum = findModel(typeof body.model === 'string' ? body.model : '')?.cacheMinimum ?? 0;
      const lastMark = units.findLastIndex((unit) => unit.mark !== undefined);
      const keys: string[] = [];
      const tokens: number[] = [];
      let characters = 0;
      let key = String(body.model);
      for (const [index, unit] of units.entries()) {
        characters += unit.characters;
        tokens.push(Math.ceil(characters / 4));
        if (index > lastMark) continue;
        key = hash('sha1', key + unit.text, 'base64');
        keys.push(key);
      }
      const total = Math.max(1, Math.ceil(characters / 4));

      let read = 0;
      for (const [index, unit] of units.entries()) {
        if (unit.mark === undefined) continue;
        for (let at = index; at >= 0 && at > index - lookback; at -= 1)
          if (isSeen(keys[at])) {
            read = Math.max(read, tokens[at] ?? 0);
            break;
          }
      }
      const written: Record<Life, number> = { '5m': 0, '1h': 0 };
      let reached = read;
      for (const [index, unit] of units.entries()) {
        const here = tokens[index] ?? 0;
        const markKey = keys[index];
        if (unit.mark === undefined || here < minimum || here <= reached || markKey === undefined) continue;
        written[unit.mark] += here - reached;
        reached = here;
        store(markKey, unit.mark);
      }
      return { input: total - reached, read, write5m: written['5m'], write1h: written['1h'] };
    },
  };
}

/** The prompt in the order in which it is read, cut where a mark may stand. */
function* unitsOf(body: Fields): Generator<Unit> {
  const tools = Array.isArray(body.tools) ? body.tools.filter(isFields) : [];
  for (const tool of tools) yield unit('', tool);
  for (const block of blocksOf(body.system)) yield unit('system', block);
  const messages = Array.isArray(body.messages) ? body.messages.filter(isFields) : [];
  const whole = lifeOf(body.cache_control);
  for (const [index, message] of messages.entries()) {
    const blocks = blocksOf(message.content);
    for (const [at, block] of blocks.entries()) {
      const next = unit(String(message.role), block);
      const isLast = index === messages.length - 1 && at === blocks.length - 1;
      yield isLast && next.mark === undefined ? { ...next, mark: whole } : next;
    }
  }
}

function unit(role: string, block: Fields): Unit {
  const inner =
    block.type === 'tool_result' && Array.isArray(block.content) ? block.content.filter(isFields) : [];
  const nested = inner.map((part) => lifeOf(part.cache_control)).find((life) => life !== undefined);
  const plain = nested === undefined ? unmarked(block) : { ...unmarked(block), content: inner.map(unmarked) };
  const text = role + JSON.stringify(plain);
  const file = fileTokens(block);
  const characters = file === undefined ? text.length : 4 * file;
  return { text, characters, mark: lifeOf(block.cache_control) ?? nested };
}

function lifeOf(control: unknown): Life | undefined {
  if (!isFields(control)) return undefined;
  return control.ttl === '1h' ? '1h' : '5m';
}
