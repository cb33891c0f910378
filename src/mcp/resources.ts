/**
 * What an MCP client may read and watch: its news, its subagents, and each of them. Owns their addresses, and which of
 * them an event of the chat's feed changes. Reading acknowledges nothing.
 */
import { ProblemError, type StreamedEvent, type Subagent } from '../client/index.ts';
import { encodeBody } from '../core/fence.ts';
import type { Parent, Resource, Resources } from './tool.ts';
import { newsWords } from './words.ts';

const NEWS = 'tidings://news';
const SUBAGENTS = 'tidings://subagents';
const mimeType = 'application/json';

/** News in one reading. */
const MOST = 20;

const news: Resource = {
  uri: NEWS,
  name: 'news',
  description: 'What subagents came to and ask, until the tool news acknowledges it.',
  mimeType: 'text/plain',
};
const subagents: Resource = {
  uri: SUBAGENTS,
  name: 'subagents',
  description: 'How all subagents stand.',
  mimeType,
};

export const resources: Resources = {
  templates: [
    {
      uriTemplate: `${SUBAGENTS}/{label}`,
      name: 'subagent',
      description:
        'One subagent with its task and result; label is its label, its path (boss/pawn) or its id.',
      mimeType,
    },
  ],
  async list(parent) {
    const all = await parent.client.subagents(await parent.chat());
    return [news, subagents, ...all.map(resourceOf)];
  },
  names: (uri) => [NEWS, SUBAGENTS].includes(uri) || targetIn(uri) !== undefined,
  async read(parent, uri) {
    if (uri === NEWS) {
      const page = await parent.client.news(await parent.chat(), { limit: MOST });
      return { text: newsWords(page), mimeType: news.mimeType };
    }
    if (uri === SUBAGENTS) {
      const all = await parent.client.subagents(await parent.chat());
      return { text: encodeBody(JSON.stringify(all)), mimeType };
    }
    const target = targetIn(uri);
    const one = target === undefined ? undefined : await subagentAt(parent, target);
    return one && { text: encodeBody(JSON.stringify(one)), mimeType };
  },
  changed(event) {
    const about = subagentIn(event);
    return [
      ...(isNews(event) ? [NEWS] : []),
      ...(about ? [SUBAGENTS, addressOf(about), `${SUBAGENTS}/${about.id}`] : []),
    ];
  },
  async waiting(parent) {
    const page = await parent.client.news(await parent.chat(), { limit: 1 });
    return page.news.length > 0 ? [NEWS] : [];
  },
};

function resourceOf(one: Subagent): Resource {
  return {
    uri: addressOf(one),
    name: one.path,
    description: `A subagent, ${one.status}.`,
    mimeType,
  };
}

function addressOf({ path }: Pick<Subagent, 'path'>): string {
  return `${SUBAGENTS}/${path}`;
}

/** The subagent that an address names; undefined: it is none of these addresses. */
function targetIn(uri: string): string | undefined {
  const rest = uri.startsWith(`${SUBAGENTS}/`) ? uri.slice(SUBAGENTS.length + 1) : '';
  try {
    return rest === '' ? undefined : decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}

async function subagentAt(parent: Parent, target: string): Promise<Subagent | undefined> {
  try {
    return await parent.client.subagent(await parent.chat(), target);
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return undefined;
    throw error;
  }
}

/** The subagent whose card an event brings. */
function subagentIn(event: StreamedEvent): Subagent | undefined {
  switch (event.event) {
    case 'subagent.spawned':
    case 'subagent.updated':
    case 'subagent.ended':
      return event.data.subagent;
    default:
      return undefined;
  }
}

/** Whether there may be something to read after this. */
function isNews(event: StreamedEvent): boolean {
  switch (event.event) {
    case 'subagent.ended':
    case 'input.requested':
      return true;
    case 'message':
      return event.data.message.role === 'user';
    default:
      return false;
  }
}
