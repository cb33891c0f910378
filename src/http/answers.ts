/**
 * What the routes answer with: the schemas behind the types of the answers and behind their documentation.
 * Holds no behaviour.
 */
import { z } from 'zod';
import { amountSchema, capSchema } from '../core/amount.ts';
import { inputRequestSchema, principalSchema, subagentStatuses, usageSchema } from '../core/card.ts';
import { feedSchemas, messageSchema, subagentSchema } from '../core/feed.ts';
import { fileSchema } from '../core/files.ts';
import { problemSchema } from './problem.ts';
import { scopes } from './scopes.ts';

export const chatStatuses = ['idle', 'working', 'input_required', 'parked'] as const;

const budgetSchema = z
  .object({
    usd: z.number(),
    tokens: z.number().optional().describe('Absent: any number.'),
    day: z.string().describe('The day, in UTC, that the figures are of.'),
    spent: amountSchema.describe('As far as known, with what calls that were cut may have cost.'),
    reserved: amountSchema.describe('Set aside for calls under way and for subagents.'),
    free: capSchema,
  })
  .describe('What it and all its subagents may spend in a day.');

const chatSchema = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(chatStatuses),
  reason: z.string().optional().describe('Why it is parked.'),
  inputRequest: inputRequestSchema
    .optional()
    .describe('What the assistant itself waits to be told; the first, if it asked for more.'),
  lead: z
    .enum(['assistant', 'program'])
    .describe('Who reads what its subagents tell: the model, or the program that made the chat.'),
  model: z.string().describe('What was chosen last: in force from the next prefix on.'),
  owner: z.string(),
  usage: usageSchema.describe("Its own and all its subagents', as far as known."),
  budget: budgetSchema,
  createdAt: z.number().describe('Milliseconds since the epoch, as all times here.'),
  archived: z.boolean().optional().describe('Present, and true, for one that is archived.'),
  subagents: z
    .partialRecord(z.enum(subagentStatuses), z.int())
    .describe('How many there are in each status.'),
});
export type ChatView = z.infer<typeof chatSchema>;

const nextId = z
  .string()
  .nullable()
  .describe('What to send as `before` for the next page; null: there is none.');
const nextSeq = z
  .number()
  .nullable()
  .describe(
    'What to send as `after` for the next page, or as `before` where that was sent; null: there is none.',
  );
/** Of a page that goes backwards. */
const headSeq = z
  .int()
  .optional()
  .describe('With `before`: where the log ended when this was read. What comes later is `after` it.');

export const deletedAnswer = z.object({
  deleted: z.string().describe('The id of the chat that is gone.'),
  kept: z
    .array(
      z.object({
        path: z.string().describe('The worktree, or its repository if only the branch is left.'),
        repository: z.string(),
        branch: z.string(),
        commits: z.int().describe('Commits that the base lacks.'),
        files: z.int().describe('Files that were changed, uncommitted ones among them.'),
      }),
    )
    .describe('Work of its subagents that was landed nowhere.'),
});
export const deletingAnswer = z.object({
  deleting: z.string().describe('The id of the chat: it goes as soon as all that it runs has ended.'),
});
export const chatAnswer = z.object({ chat: chatSchema });
export const chatsAnswer = z.object({ chats: z.array(chatSchema), next: nextId });
export const fileAnswer = z.object({ file: fileSchema });
export const messageAnswer = z.object({ message: messageSchema });
export const messagesAnswer = z.object({
  messages: z.array(messageSchema),
  next: nextSeq,
  after: headSeq,
});
const newsSchema = z.object({
  seq: z.int().describe('What to acknowledge it with; grows.'),
  at: z.number(),
  kind: z.enum(['announcement', 'question', 'denial', 'message', 'note', 'steer', 'task']),
  text: z.string().describe('As a model would read it: what a subagent says stands between its marks.'),
  subagentId: z.string().optional(),
  label: z.string().optional(),
  path: z.string().optional(),
  status: z.enum(subagentStatuses).optional().describe('Of an announcement: how it ended.'),
  attempt: z.int().optional(),
  result: z.string().optional().describe('Of an announcement: the beginning of the result, as it is.'),
  request: z.string().optional().describe('Of a question: what to answer.'),
  from: principalSchema.optional().describe("Of a person's message: whose."),
});
export const newsAnswer = z.object({
  news: z.array(newsSchema),
  next: z.int().nullable().describe('Acknowledge up to here for more; null: that was all.'),
  createdAt: z.number().describe('When the chat was made whose news it is: to be given back with `seq`.'),
});
export const newsReadAnswer = z.object({ read: z.int() });
export const subagentAnswer = z.object({ subagent: subagentSchema });
export const spawnAnswer = z.object({
  subagent: subagentSchema,
  note: z.string().optional().describe('What was done otherwise than asked.'),
});
export const subagentsAnswer = z.object({
  subagents: z.array(subagentSchema).describe('The whole tree, newest first.'),
  next: z.null(),
});
export const steerAnswer = z.object({
  steer: z.object({
    id: z.string(),
    state: z.literal('queued'),
    note: z
      .string()
      .optional()
      .describe('What the message must bring, where the subagent is resumed without what it waited for.'),
  }),
});
export const inputAnswer = z.object({
  answer: z.object({ subagentId: z.string().optional(), request: z.string() }).describe('What was answered.'),
});
const overlapSchema = z
  .array(z.object({ branch: z.string(), files: z.array(z.string()) }))
  .describe('Worktrees whose work has not landed and changes some of the same files.');
export const worktreesAnswer = z.object({
  worktrees: z.array(
    z.object({
      subagentId: z.string(),
      path: z.string().describe("The subagent's."),
      status: z.enum(subagentStatuses),
      repository: z.string(),
      branch: z.string(),
      base: z.string().describe('Where it began: a branch, a tag or a commit.'),
      folder: z.string(),
      commits: z.number().int(),
      files: z.array(z.string()).describe('What differs from where it began, uncommitted files among it.'),
      uncommitted: z.number().int().describe('How many of the files are not committed.'),
      landed: z.string().optional().describe('The commit on the base that holds all of it.'),
      overlaps: overlapSchema,
    }),
  ),
  next: z.null(),
});
export const repositoriesAnswer = z.object({
  repositories: z.array(z.object({ name: z.string() })),
  next: z.null(),
});
export const diffAnswer = z.object({
  diff: z.object({
    patch: z.string(),
    chars: z.number().int().describe('Of the whole patch.'),
    next: z.number().int().nullable().describe('The `offset` of the next page; null: there is none.'),
  }),
});
export const landAnswer = z.object({
  landed: z.object({
    subagentId: z.string(),
    branch: z.string(),
    base: z.string(),
    commit: z.string(),
    files: z.array(z.string()),
    already: z.boolean().describe('The base held it before, so nothing was done.'),
    overlaps: overlapSchema,
  }),
});
export const removeAnswer = z.object({
  removed: z.object({
    subagentId: z.string(),
    branch: z.string(),
    lost: z.number().int().describe('Files whose changes are lost for good.'),
  }),
});
export const killAnswer = z.object({
  killed: z.array(z.string()).describe('Labels of those it ended, with nothing of them left.'),
  unconfirmed: z.array(z.string()).describe('Labels of those that may still live.'),
  alreadyEnded: z.array(z.string()).describe('Labels of those that had ended by themselves.'),
});

const sessionUsage = z.object({
  session: z.string(),
  path: z.string().describe('Empty for the main session.'),
  model: z.string(),
  own: usageSchema,
  subtree: usageSchema.describe('With all below it.'),
});
export const usageAnswer = z.object({
  usage: usageSchema.describe('Of the whole chat.'),
  budget: budgetSchema,
  days: z.array(z.object({ day: z.string(), usage: usageSchema })).describe('By day in UTC, latest first.'),
  models: z.array(z.object({ model: z.string(), usage: usageSchema })),
  sessions: z.array(sessionUsage).describe('The main session first, then its subagents, oldest first.'),
});

const tokenSchema = z.object({
  name: z.string().describe('Means this one token for ever.'),
  scopes: z.array(z.enum(scopes)),
  owner: z.string().describe('Whose chats it sees and makes.'),
  createdAt: z.number(),
  revokedAt: z.number().optional().describe('Absent: it is in force.'),
});
export const tokenAnswer = z.object({ token: tokenSchema });
export const tokensAnswer = z.object({ tokens: z.array(tokenSchema), next: z.null() });
export const tokenAddedAnswer = z.object({
  token: tokenSchema,
  secret: z.string().describe('The token itself. It is kept nowhere and shown this once.'),
});

export const sessionAnswer = z.object({
  session: z.object({
    token: z.string().describe('The name of the token that it was opened with.'),
    owner: z.string().describe('Whose chats it sees and makes.'),
    scopes: z.array(z.enum(scopes)),
    expiresAt: z.number().optional().describe('Absent: the token itself was shown, and no cookie.'),
  }),
});
export const linkAnswer = z.object({
  link: z.object({
    code: z.string().describe('Signs in once, as `POST /session`.'),
    expiresAt: z.number(),
    path: z.string().describe('Where the page takes it, to be added to the address of the gateway.'),
  }),
});

export const ticketAnswer = z.object({
  ticket: z.string().describe('Opens one socket, once.'),
  expiresAt: z.number(),
  path: z.string().describe('Where the socket is; add `&after=` and a cursor to come back to the feed.'),
});

/** One durable event of the feed, with its cursor. */
export const feedEventSchema = z.union(
  Object.entries(feedSchemas).map(([name, data]) =>
    z.object({ id: z.int().describe('Its cursor.'), event: z.literal(name), data }),
  ),
);
/** What a stream shows while it happens and nobody keeps. */
const ephemeralSchema = z.union([
  z.object({
    event: z.literal('delta'),
    data: z.object({
      turn: z.number(),
      message: z.string().describe('The id of the message that these words begin.'),
      offset: z.number().describe('Where they stand in it; 0 again voids what was shown of it.'),
      text: z.string(),
    }),
  }),
  z.object({
    event: z.literal('progress'),
    data: z.object({
      subagentId: z.string(),
      steps: z.number(),
      activity: z.string().describe("The subagent's, as it is now."),
      usage: usageSchema,
    }),
  }),
]);
/** What a stream can bring: the fields of each event, its data as JSON. */
export const streamedSchema = z.union([feedEventSchema, ephemeralSchema]);

export const eventsAnswer = z.object({
  events: z.array(feedEventSchema),
  next: z
    .int()
    .nullable()
    .describe(
      'What to send as `after` to go on: with no events it is the end of the log, for now. Where `before` was sent: what to send as `before`; null: there is nothing before.',
    ),
  after: headSeq,
});

const hitSchema = z.object({
  chat: z.string(),
  title: z.string(),
  message: z.string().optional().describe('The id of the message; absent: it is the title that was found.'),
  seq: z.int().optional().describe("The message's."),
  at: z.number(),
  role: z.enum(['user', 'assistant']).optional().describe("The message's."),
  snippet: z.object({
    text: z.string().describe('Plain text, on one line.'),
    marks: z
      .array(z.tuple([z.int(), z.int()]))
      .describe('Where in it what was found stands: from, to (exclusive), in UTF-16 units.'),
  }),
});
export type Hit = z.infer<typeof hitSchema>;
export const searchAnswer = z.object({
  hits: z.array(hitSchema),
  next: z
    .string()
    .nullable()
    .describe(
      'What to send as `before` to go on; null: there is no more. A page may have few hits, or none, and more behind it.',
    ),
});

export const callAnswer = z.object({
  call: z.object({
    call: z.string().describe('As the events of the feed name it.'),
    name: z.string(),
    input: z.unknown().optional().describe('What the tool was called with.'),
    output: z
      .string()
      .optional()
      .describe('What it answered, up to 100,000 characters; absent: it has not finished.'),
    ok: z.boolean().optional(),
    ms: z.number().optional(),
  }),
});

export const healthAnswer = z.object({ status: z.literal('alive') });
export const readyAnswer = z.object({ status: z.literal('ready') });
export const aboutAnswer = z.object({
  name: z.literal('tidings'),
  version: z.string(),
  description: z.string(),
  simulator: z.boolean().describe('Whether the built-in simulator answers instead of a model.'),
  model: z.string().describe('The model of chats that name none.'),
  documentation: z.string(),
  openapi: z.string(),
});

/** The schemas that have a name in the documentation. */
export const namedSchemas = {
  Chat: chatSchema,
  Message: messageSchema,
  Subagent: subagentSchema,
  FeedEvent: feedEventSchema,
  EphemeralEvent: ephemeralSchema,
  StreamedEvent: streamedSchema,
  ChatAnswer: chatAnswer,
  ChatsAnswer: chatsAnswer,
  DeletedAnswer: deletedAnswer,
  DeletingAnswer: deletingAnswer,
  FileAnswer: fileAnswer,
  MessageAnswer: messageAnswer,
  MessagesAnswer: messagesAnswer,
  SubagentAnswer: subagentAnswer,
  SpawnAnswer: spawnAnswer,
  SubagentsAnswer: subagentsAnswer,
  SteerAnswer: steerAnswer,
  InputAnswer: inputAnswer,
  WorktreesAnswer: worktreesAnswer,
  NewsAnswer: newsAnswer,
  NewsReadAnswer: newsReadAnswer,
  RepositoriesAnswer: repositoriesAnswer,
  DiffAnswer: diffAnswer,
  LandAnswer: landAnswer,
  RemoveAnswer: removeAnswer,
  KillAnswer: killAnswer,
  UsageAnswer: usageAnswer,
  SearchAnswer: searchAnswer,
  CallAnswer: callAnswer,
  EventsAnswer: eventsAnswer,
  Token: tokenSchema,
  TokenAnswer: tokenAnswer,
  TokensAnswer: tokensAnswer,
  TokenAddedAnswer: tokenAddedAnswer,
  SessionAnswer: sessionAnswer,
  LinkAnswer: linkAnswer,
  TicketAnswer: ticketAnswer,
  HealthAnswer: healthAnswer,
  ReadyAnswer: readyAnswer,
  AboutAnswer: aboutAnswer,
  Problem: problemSchema,
} as const;
