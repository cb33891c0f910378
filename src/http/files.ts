/**
 * The routes of files: sent up before the message that names them, and shown again. What comes in is told from its
 * bytes, and what goes out can neither run nor be taken for something else.
 */
import { z } from 'zod';
import type { SaidFile } from '../core/attachments.ts';
import type { MessagePart } from '../core/correspondence.ts';
import {
  documentTypes,
  fileSchema,
  imageTypes,
  type KeptFile,
  MOST_BYTES,
  MOST_LOOSE,
} from '../core/files.ts';
import { fileId } from '../core/ids.ts';
import { StoreError } from '../runtime/store-rules.ts';
import { fileAnswer } from './answers.ts';
import { fileName, type messageBody, noQuery, requestId } from './fields.ts';
import { kindOf } from './file-kind.ts';
import { chatOf, isProblem, noChat } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { invalid, type Problem, problem } from './problem.ts';
import { reused } from './repeat.ts';
import { get, json, type Route, upload } from './route.ts';

export function fileRoutes(ports: AppPorts): Route[] {
  const { files } = ports.store;

  const sent = upload({
    name: 'sendFile',
    path: '/v1/chats/{chat}/files',
    scope: 'chat',
    adds: true,
    summary: 'Sends a file up, for a message to name.',
    details: `The body is the file as it is, up to ${MOST_BYTES} bytes (10 MiB): a PNG, JPEG, GIF or WebP, a PDF, or a text in UTF-8. Which of them it is, its bytes tell. A message brings it along as a part \`{"type": "file", "id": …}\`; one that no message names goes after a day.`,
    query: z.strictObject({ name: fileName, id: requestId }),
    maxBytes: MOST_BYTES,
    answers: {
      201: { description: 'The file.', schema: fileAnswer },
      200: { description: 'The same file is there already.', schema: fileAnswer },
    },
    problems: ['not-found', 'id-reused', 'limit', 'full'],
    async handle({ c, chat, query, bytes }) {
      const state = chatOf(ports, chat);
      if (isProblem(state)) return state;
      const { name, id: request } = query;
      const kind = kindOf(bytes, { name, type: c.req.header('content-type') });
      if (typeof kind === 'string') return problem('invalid', `${kind}.`, { errors: [fault(kind)] });
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)));
      const id = fileId(chat, name, digest);
      const before = request === undefined ? undefined : files.brought(chat, request);
      if (before !== undefined && before !== id) return reused();
      const known = files.facts(chat, id);
      if (!known && files.loose(chat) >= MOST_LOOSE) return tooManyLoose;
      const file: KeptFile = known ?? { id, name, ...kind, bytes: bytes.length };
      try {
        if (!files.put(chat, file, bytes, ports.clock.now(), request)) return noChat(chat);
      } catch (error) {
        if (!(error instanceof StoreError) || error.kind !== 'full') throw error;
        return problem('full', 'There is no room left for this file. Nothing of it was kept.');
      }
      return json(fileAnswer, known ? 200 : 201, { file: fileSchema.parse(file) });
    },
  });

  const shown = get({
    name: 'file',
    path: '/v1/chats/{chat}/files/{file}',
    scope: 'read',
    summary: 'Shows a file that was sent up.',
    query: noQuery,
    answers: {
      200: [...imageTypes, ...documentTypes].map((media) => ({ description: 'Its bytes', media })),
    },
    problems: ['not-found'],
    handle({ c, chat }) {
      const id = c.req.param('file') ?? '';
      const file = files.facts(chat, id);
      const bytes = file && files.bytes(chat, id);
      if (!bytes)
        return problem('not-found', `There is no file ${id.slice(0, 100).toWellFormed()} in this chat.`);
      return new Response(bytes, { headers: headersOf(file) });
    },
  });

  return [sent, shown];
}

type SaidPart = Extract<MessagePart, { type: 'text' }> | SaidFile;

/** The parts of a message as they are said: each file it names must be one of this chat, and stays from here on. */
export async function saidParts(
  { store: { files }, place }: Pick<AppPorts, 'store' | 'place'>,
  chat: string,
  { text, parts = [{ type: 'text', text: text ?? '' }] }: z.output<typeof messageBody>,
): Promise<SaidPart[] | Problem> {
  const unknown: string[] = [];
  const said = parts.flatMap((part, at): SaidPart[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text.toWellFormed() }];
    const file = files.facts(chat, part.id);
    if (!file) unknown.push(`${at}`);
    return file ? [{ type: 'file', ...file }] : [];
  });
  if (unknown.length > 0) {
    return invalid(
      unknown.map((at) => ({
        path: `parts.${at}.id`,
        message:
          'is no file of this chat: send it up first, with POST …/files; one that no message names goes after a day',
      })),
    );
  }
  files.keep(
    chat,
    said.flatMap((part) => (part.type === 'file' ? [part.id] : [])),
  );
  // One after another: of two that are called the same, the first one gets the name.
  const placed: SaidPart[] = [];
  for (const part of said) {
    const where = part.type === 'file' ? await place?.(chat, part) : undefined;
    placed.push(where === undefined || part.type === 'text' ? part : { ...part, where });
  }
  return placed;
}

function fault(words: string): { path: string; message: string } {
  return { path: '', message: words.replace(/^The file /, '') };
}

const tooManyLoose = problem(
  'limit',
  `${MOST_LOOSE} files of this chat wait for a message to name them. Name some, or wait: each goes after a day.`,
);

/**
 * A file never runs here, whatever is in it: it is no page of this origin, and nothing that it asks for is loaded.
 * Only pictures are shown in place.
 */
function headersOf({ name, mediaType, bytes }: KeptFile): Record<string, string> {
  const how = mediaType.startsWith('image/') ? 'inline' : 'attachment';
  return {
    'content-type': mediaType === 'text/plain' ? 'text/plain; charset=utf-8' : mediaType,
    'content-length': String(bytes),
    'content-disposition': `${how}; filename="${plainName(name)}"; filename*=UTF-8''${encodedName(name)}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    // Its id is made of what it holds.
    'cache-control': 'private, max-age=31536000, immutable',
  };
}

/** For those who read no other: RFC 6266, in ASCII. */
function plainName(name: string): string {
  return name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
}

/** RFC 8187. */
function encodedName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
