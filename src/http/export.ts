/**
 * A chat's whole tree as one download: which sessions and how much of each are fixed when it is asked for, the rest
 * is read while it is sent, page by page, as fast as its reader takes it. Owns no format.
 */
import type { LogRow, SessionRow } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { ChatView } from './answers.ts';
import { jsonLines } from './export-jsonl.ts';
import { markdown } from './export-markdown.ts';
import type { AppPorts } from './ports.ts';
import { chatView } from './views.ts';

export const formats = ['jsonl', 'markdown'] as const;
export type Format = (typeof formats)[number];

/** A session as it is exported: its row at the moment of asking, and the path by which people know it. */
export interface Exported extends SessionRow {
  /** `boss/pawn`; empty for the main session. */
  readonly path: string;
}

export interface Export {
  readonly chat: ChatView;
  /** When it was asked for. */
  readonly at: number;
  /** The main session first, then all others in the order of their birth. */
  readonly sessions: readonly Exported[];
  /** A session's log up to the moment of asking. */
  rows(session: Exported): AsyncGenerator<LogRow>;
}

/** Rows read in one go. A row of a log is some KB, seldom some hundred. */
const ROWS = 50;
/** Characters after which what there is is sent. */
const CHUNK = 65_536;

export async function exportOf(ports: AppPorts, main: Session, format: Format): Promise<Response> {
  const { store, runtime, clock } = ports;

  async function* rows({ id, seq: head }: Exported): AsyncGenerator<LogRow> {
    for (let seq = 0; seq < head; ) {
      const page = await runtime.sessions.events(id, seq, Math.min(ROWS, head - seq));
      const last = page.at(-1);
      if (!last) throw new Error(`session ${id} was removed while it was exported`);
      yield* page;
      seq = last.seq;
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
  }

  // One that isn't born yet has no log.
  const below = await Promise.all(
    Object.values(main.tree.cards).map(async ({ id, path }) => {
      const row = await runtime.sessions.row(id);
      return row ? [{ ...row, path }] : [];
    }),
  );
  const own = store.session(main.id);
  const all: Export = {
    chat: await chatView(ports, main),
    at: clock.now(),
    sessions: [
      ...(own ? [{ ...own, path: '' }] : []),
      ...below.flat().sort((a, b) => a.createdAt - b.createdAt),
    ],
    rows,
  };
  const text = format === 'jsonl' ? jsonLines(all) : markdown(all);
  return new Response(streamOf(text), {
    headers: {
      'content-type':
        format === 'jsonl' ? 'application/jsonl; charset=utf-8' : 'text/markdown; charset=utf-8',
      'content-disposition': `attachment; filename="${fileName(all.chat)}.${format === 'jsonl' ? 'jsonl' : 'md'}"`,
    },
  });
}

/** A name that every file system takes and no header misreads. */
function fileName({ id, title }: Export['chat']): string {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 60)
    .replace(/-+$/, '');
  return words === '' ? id.replace(/[^A-Za-z0-9_-]/g, '') : words;
}

function streamOf(text: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let chunk = '';
        while (chunk.length < CHUNK) {
          const { done, value } = await text.next();
          if (done) {
            if (chunk !== '') controller.enqueue(encoder.encode(chunk));
            controller.close();
            return;
          }
          chunk += value;
        }
        controller.enqueue(encoder.encode(chunk));
      },
      async cancel() {
        await text.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
