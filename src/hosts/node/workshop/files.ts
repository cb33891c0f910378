/**
 * Owns what the tools `read`, `write` and `edit` do to files. Every path goes through `places.ts` first; a
 * file is replaced whole or not at all. Never follows a link out, and never rejects for what a disk can say.
 */
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ToolOutcome } from '../../../core/ports.ts';
import { harmless } from '../../../tools/harmless.ts';
import { applyEdit } from './edit-match.ts';
import { codeOf, locate, type Places } from './places.ts';

/** Bytes of the largest file that the file tools take in. */
const largest = 20_000_000;
/** Characters of a `read`'s answer, and of one line in it. */
const answerSize = 30_000;
const lineSize = 2_000;

export interface FileSetting {
  readonly places: Places;
  /** Where new contents are written before they take a file's place; on the same file system. */
  readonly partial: string;
}

export function readLines(
  { places }: FileSetting,
  input: { readonly path: string; readonly offset: number; readonly limit: number },
): Promise<ToolOutcome> {
  return answered(input.path, async () => {
    const found = await load(places, input.path, 'read');
    if (!found.ok) return failed(found.message);
    if (found.bytes.length === 0) return { ok: true, text: `${input.path} is empty.` };
    const text = new TextDecoder().decode(found.bytes);
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (input.offset > lines.length) {
      return failed(`${input.path} has ${lines.length} lines; \`offset\` was ${input.offset}.`);
    }
    const shown: string[] = [];
    let size = 0;
    for (const line of lines.slice(input.offset - 1, input.offset - 1 + input.limit)) {
      const numbered = `${String(input.offset + shown.length).padStart(6)}\t${shortened(line)}`;
      if (size + numbered.length + 1 > answerSize) break;
      size += numbered.length + 1;
      shown.push(numbered);
    }
    const last = input.offset - 1 + shown.length;
    const notes: string[] = [];
    if (text.includes('\r\n')) notes.push('[its lines end in CR LF]');
    if (input.offset > 1 || last < lines.length) {
      const more = last < lines.length ? `; go on with \`offset\` ${last + 1}` : '';
      notes.push(`[lines ${input.offset} to ${last} of ${lines.length}${more}]`);
    }
    return { ok: true, text: [...shown, ...notes].join('\n') };
  });
}

export function writeWhole(
  { places, partial }: FileSetting,
  input: { readonly path: string; readonly content: string },
): Promise<ToolOutcome> {
  return answered(input.path, async () => {
    const target = await locate(places, input.path, 'write');
    if (!target.ok) return failed(target.message);
    const fault = target.stats && notReplaceable(input.path, target.stats);
    if (fault !== undefined) return failed(fault);
    if (target.stats === undefined && /[/]$/.test(input.path)) {
      return failed(`${input.path} names a folder; give the name of a file.`);
    }
    await replace(partial, target.path, input.content, target.stats);
    const size = Buffer.byteLength(input.content);
    return {
      ok: true,
      text: `${target.stats === undefined ? 'Made' : 'Replaced'} ${input.path} (${size} bytes).`,
    };
  });
}

export function editText(
  { places, partial }: FileSetting,
  input: { readonly path: string; readonly oldText: string; readonly newText: string; readonly all: boolean },
): Promise<ToolOutcome> {
  return answered(input.path, async () => {
    const target = await locate(places, input.path, 'write');
    if (!target.ok) return failed(target.message);
    const found = await load(places, input.path, 'write');
    if (!found.ok) return failed(found.message);
    const fault = notReplaceable(input.path, found.stats);
    if (fault !== undefined) return failed(fault);
    const text = decoded(found.bytes);
    if (text === undefined) {
      return failed(`${input.path} is not UTF-8 throughout; \`edit\` would damage it. Use bash.`);
    }
    const edited = applyEdit(text, input);
    if (!edited.ok) return failed(`${input.path} was not changed: ${edited.message}`);
    await replace(partial, target.path, edited.text, found.stats);
    const where =
      edited.lines.length === 1 ? `at line ${edited.lines[0]}` : `in ${edited.lines.length} places`;
    return { ok: true, text: `Changed ${input.path} ${where}.` };
  });
}

type Loaded =
  | { readonly ok: true; readonly bytes: Buffer; readonly stats: Stats }
  | { readonly ok: false; readonly message: string };

/** A text file's bytes; what isn't one, is too large or isn't there is told in words. */
async function load(places: Places, path: string, purpose: 'read' | 'write'): Promise<Loaded> {
  const target = await locate(places, path, purpose);
  if (!target.ok) return target;
  if (target.stats === undefined) {
    return { ok: false, message: `${path} does not exist.${await neighbours(target.path)}` };
  }
  if (target.stats.isDirectory()) {
    const list = await listing(target.path);
    return { ok: false, message: `${path} is a folder. It holds ${list}.` };
  }
  if (!target.stats.isFile()) return { ok: false, message: `${path} is not an ordinary file.` };
  // Neither a link nor a pipe that took the file's place meanwhile may be opened or waited for.
  const handle = await open(target.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return { ok: false, message: `${path} is not an ordinary file.` };
    // Should a folder on the way have become a link meanwhile, this is another file than the one looked at.
    if (stats.ino !== target.stats.ino || stats.dev !== target.stats.dev) {
      return { ok: false, message: `${path} was replaced while it was opened; try again.` };
    }
    if (stats.size > largest) {
      return {
        ok: false,
        message: `${path} has ${stats.size} bytes, too many for this tool. Use bash: sed -n, head, tail, grep.`,
      };
    }
    const bytes = await handle.readFile();
    if (bytes.subarray(0, 8192).includes(0)) {
      return {
        ok: false,
        message: `${path} is a binary file of ${bytes.length} bytes. Use bash: file, xxd, strings.`,
      };
    }
    return { ok: true, bytes, stats };
  } finally {
    await handle.close();
  }
}

/** Puts the new content in the file's place in one step; the old one's mode is kept. */
async function replace(
  partial: string,
  path: string,
  content: string,
  old: Stats | undefined,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await mkdir(partial, { recursive: true });
  const name = `${randomUUID()}.new`;
  const mode = old === undefined ? undefined : old.mode & 0o7777;
  const elsewhere = join(partial, name);
  try {
    await put(elsewhere, content, mode);
    await rename(elsewhere, path);
  } catch (error) {
    await rm(elsewhere, { force: true });
    if (codeOf(error) !== 'EXDEV') throw error;
    const beside = join(dirname(path), `.${name}`);
    try {
      await put(beside, content, mode);
      await rename(beside, path);
    } catch (failure) {
      await rm(beside, { force: true });
      throw failure;
    }
  }
}

async function put(path: string, content: string, mode: number | undefined): Promise<void> {
  await writeFile(path, content, { flag: 'wx' });
  if (mode !== undefined) await chmod(path, mode);
}

function notReplaceable(path: string, stats: Stats): string | undefined {
  if (stats.isDirectory()) return `${path} is a folder; give the name of a file.`;
  if (!stats.isFile()) return `${path} is not an ordinary file.`;
  if ((stats.mode & 0o222) === 0) {
    return `${path} is read-only (mode ${(stats.mode & 0o777).toString(8)}). If it must change, use chmod in bash first.`;
  }
  return undefined;
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function shortened(line: string): string {
  const text = harmless(line.replace(/\r$/, ''));
  if (text.length <= lineSize) return text;
  return `${text.slice(0, lineSize).toWellFormed()} [… ${text.length - lineSize} characters more]`;
}

async function listing(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.length === 0) return 'nothing';
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const more = names.length > 100 ? ` and ${names.length - 100} more` : '';
  return harmless(names.slice(0, 100).join(', ')) + more;
}

/** Names near to one that isn't there. */
async function neighbours(path: string): Promise<string> {
  const names = await readdir(dirname(path)).catch(() => undefined);
  if (names === undefined) return ' Its folder does not exist either.';
  const stem = (name: string): string => name.toLowerCase().replace(/\.[^.]*$/, '');
  const near = names.filter(
    (name) => stem(name) === stem(basename(path)) || name.toLowerCase().includes(stem(basename(path))),
  );
  return near.length === 0 ? '' : ` Its folder holds ${near.slice(0, 5).join(', ')}.`;
}

/** What the disk refuses becomes words; anything else is a fault of ours and goes on. */
async function answered(path: string, work: () => Promise<ToolOutcome>): Promise<ToolOutcome> {
  try {
    return await work();
  } catch (error) {
    switch (codeOf(error)) {
      case 'ENOSPC':
      case 'EDQUOT':
        return failed(`${path} was not written: the disk is full.`);
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        return failed(`${path}: permission denied.`);
      case 'ENAMETOOLONG':
        return failed(`${path}: the name is too long for the file system.`);
      case 'ENOTDIR':
      case 'EEXIST':
        return failed(`${path}: a part of this path is a file, not a folder.`);
      case 'ELOOP':
        return failed(`${path} is a symbolic link that changed while it was opened.`);
      case 'EISDIR':
        return failed(`${path} is a folder; give the name of a file.`);
      case 'ENOENT':
        return failed(`${path} went away while it was used; try again.`);
      default:
        throw error;
    }
  }
}

function failed(text: string): ToolOutcome {
  return { ok: false, text: harmless(text) };
}
