/**
 * A reader of a session's feed, as a program would write one: follows the stream, keeps what came, and comes
 * back by its cursor when the connection is gone. Owns the parsing of the stream; judges only its numbering.
 */
import { z } from 'zod';
import { usageSchema } from '../../src/core/card.ts';
import { feedSchemas } from '../../src/core/feed.ts';

const deltaSchema = z.object({ turn: z.number(), message: z.string(), offset: z.number(), text: z.string() });
const progressSchema = z.object({
  subagentId: z.string(),
  steps: z.number(),
  activity: z.string(),
  usage: usageSchema,
});

export const entrySchema = z.discriminatedUnion('name', [
  z.object({ name: z.literal('message'), data: feedSchemas.message }),
  z.object({ name: z.literal('turn.started'), data: feedSchemas['turn.started'] }),
  z.object({ name: z.literal('turn.ended'), data: feedSchemas['turn.ended'] }),
  z.object({ name: z.literal('tool.started'), data: feedSchemas['tool.started'] }),
  z.object({ name: z.literal('tool.finished'), data: feedSchemas['tool.finished'] }),
  z.object({ name: z.literal('subagent.spawned'), data: feedSchemas['subagent.spawned'] }),
  z.object({ name: z.literal('subagent.updated'), data: feedSchemas['subagent.updated'] }),
  z.object({ name: z.literal('subagent.ended'), data: feedSchemas['subagent.ended'] }),
  z.object({ name: z.literal('announcement.read'), data: feedSchemas['announcement.read'] }),
  z.object({ name: z.literal('steer.queued'), data: feedSchemas['steer.queued'] }),
  z.object({ name: z.literal('steer.read'), data: feedSchemas['steer.read'] }),
  z.object({ name: z.literal('input.requested'), data: feedSchemas['input.requested'] }),
  z.object({ name: z.literal('input.answered'), data: feedSchemas['input.answered'] }),
  z.object({ name: z.literal('step.abandoned'), data: feedSchemas['step.abandoned'] }),
  z.object({ name: z.literal('chat.updated'), data: feedSchemas['chat.updated'] }),
  z.object({ name: z.literal('chat.deleting'), data: feedSchemas['chat.deleting'] }),
  z.object({ name: z.literal('subagent.forgotten'), data: feedSchemas['subagent.forgotten'] }),
  z.object({ name: z.literal('notice'), data: feedSchemas.notice }),
  z.object({ name: z.literal('delta'), data: deltaSchema }),
  z.object({ name: z.literal('progress'), data: progressSchema }),
]);

interface Data extends Durable {
  readonly delta: z.infer<typeof deltaSchema>;
  readonly progress: z.infer<typeof progressSchema>;
}
type Durable = { readonly [Name in keyof typeof feedSchemas]: z.infer<(typeof feedSchemas)[Name]> };
export type EntryName = keyof Data;
export type DataOf<Name extends EntryName> = Data[Name];
type EntryOf<Name extends EntryName> = {
  [One in Name]: { readonly name: One; readonly data: Data[One] };
}[Name];
/** What came: an event of one name, with its data. */
export type Entry = EntryOf<EntryName>;

export interface FeedReader {
  /** Everything that came, in order. */
  readonly entries: readonly Entry[];
  /** The data of all events of one name so far. */
  all<Name extends EntryName>(name: Name): readonly DataOf<Name>[];
  /** The first event of this name that fits, now or as soon as it comes. */
  first<Name extends EntryName>(name: Name, fits?: (data: DataOf<Name>) => boolean): Promise<DataOf<Name>>;
  /** Resolves when `condition` holds; it is looked at whenever something comes. */
  until(condition: () => boolean, what?: string): Promise<void>;
  /** Resolves when a connection was made: what happens from now on is told as it happens. */
  connected(): Promise<void>;
  /** Breaks the connection off; the reader comes back by itself. */
  drop(): void;
  /** How often a connection was made. */
  readonly connections: number;
  /** What was wrong with the numbering: ids that do not grow. */
  readonly breaches: readonly string[];
  close(): Promise<void>;
}

export interface FeedSource {
  /** Asked anew for each connection: a gateway that was started again has another port. */
  readonly url: () => string;
  readonly token: () => string;
  /** The cursor to start from; undefined: from now. */
  readonly after?: number;
  /** Keeps the durable events only: long runs have no use for the others. */
  readonly durableOnly?: boolean;
}

const PATIENCE_MS = 30_000;
const COME_BACK_MS = 25;

export function readFeed(source: FeedSource): FeedReader {
  const entries: Entry[] = [];
  const byName = emptyShelves();
  const breaches: string[] = [];
  const looks = new Set<() => void>();
  let last = source.after;
  let connections = 0;
  let closed = false;
  let connection = new AbortController();

  function take(block: string): void {
    let id: number | undefined;
    let name = '';
    let data = '';
    for (const line of block.split('\n')) {
      if (line.startsWith('id:')) id = Number(line.slice(3).trim());
      if (line.startsWith('event:')) name = line.slice(6).trim();
      if (line.startsWith('data:')) data += line.slice(5).trim();
    }
    if (name === '') {
      // A cursor without an event tells a reader that named none where it stands.
      if (id !== undefined) last = id;
      return;
    }
    const entry: Entry = entrySchema.parse({ name, data: JSON.parse(data) });
    if (id !== undefined) {
      if (last !== undefined && id <= last) breaches.push(`${name} has the id ${id} after ${last}`);
      last = id;
    }
    if (id !== undefined || source.durableOnly !== true) {
      entries.push(entry);
      shelve(byName, entry);
    }
    for (const look of [...looks]) look();
  }

  async function connect(): Promise<void> {
    connection = new AbortController();
    const response = await fetch(source.url(), {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${source.token()}`,
        ...(last === undefined ? {} : { 'last-event-id': String(last) }),
      },
      signal: connection.signal,
    });
    if (response.status !== 200 || !response.body) {
      throw new Error(`the feed answered ${response.status}: ${await response.text()}`);
    }
    connections += 1;
    for (const look of [...looks]) look();
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      rest += decoder.decode(chunk, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    }
  }

  async function follow(): Promise<void> {
    while (!closed) {
      try {
        await connect();
      } catch (error) {
        if (error instanceof z.ZodError || error instanceof SyntaxError) {
          breaches.push(`not an event of the feed: ${error.message}`);
        }
      }
      if (!closed) await new Promise((resolve) => setTimeout(resolve, COME_BACK_MS));
    }
  }

  function seen(): string {
    return entries.map((entry) => `${entry.name} ${JSON.stringify(entry.data).slice(0, 160)}`).join('\n');
  }

  const following = follow();
  const reader: FeedReader = {
    entries,
    breaches,
    get connections() {
      return connections;
    },
    all: (name) => byName[name],
    async first(name, fits = () => true) {
      const find = () => reader.all(name).find(fits);
      await reader.until(() => find() !== undefined, `${name} ${fits}`);
      const found = find();
      if (!found) throw new Error(`${name} came and went`);
      return found;
    },
    until(condition, what = String(condition)) {
      return new Promise((resolve, reject) => {
        const finish = (then: () => void): void => {
          clearTimeout(timer);
          looks.delete(look);
          then();
        };
        const timer = setTimeout(
          () => finish(() => reject(new Error(`It never came: ${what}\nWhat came:\n${seen()}`))),
          PATIENCE_MS,
        );
        const look = (): void => {
          if (condition()) finish(resolve);
        };
        looks.add(look);
        look();
      });
    },
    connected: () => reader.until(() => connections > 0, 'a connection'),
    drop: () => connection.abort(),
    async close() {
      closed = true;
      connection.abort();
      await following;
    },
  };
  return reader;
}

type Shelves = { readonly [Name in EntryName]: DataOf<Name>[] };

function emptyShelves(): Shelves {
  return {
    message: [],
    'turn.started': [],
    'turn.ended': [],
    'tool.started': [],
    'tool.finished': [],
    'subagent.spawned': [],
    'subagent.updated': [],
    'subagent.ended': [],
    'announcement.read': [],
    'steer.queued': [],
    'steer.read': [],
    'input.requested': [],
    'input.answered': [],
    'step.abandoned': [],
    'chat.updated': [],
    'chat.deleting': [],
    'subagent.forgotten': [],
    notice: [],
    delta: [],
    progress: [],
  };
}

function shelve<Name extends EntryName>(shelves: Shelves, entry: EntryOf<Name>): void {
  shelves[entry.name].push(entry.data);
}
