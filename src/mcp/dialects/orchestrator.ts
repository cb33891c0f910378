/**
 * An orchestrator as clients of tmux-worktree know it: a chat that a program leads, found again by an id that whoever has
 * the same owner may share. Owns how the chat follows from the id, and what is told of its workers. Knows no messages.
 */
import { z } from 'zod';
import { type Client, isEnded, type Subagent } from '../../client/index.ts';
import { chatIdFor } from '../../core/ids.ts';
import type { Parent } from '../tool.ts';
import { isNotFound } from './answers.ts';
import { noteIn } from './notes.ts';

export interface Orchestrator {
  readonly id: string;
  readonly chat: string;
  /** As the client named it. */
  readonly projectDir: string;
  readonly repository: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** The first message of its chat: what it is of. */
const charterSchema = z.object({
  orchestrator_id: z.string(),
  project_dir: z.string(),
  repository: z.string(),
});

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const idShape = /^orch_[a-z0-9]{8}$/;

function drawnId(): string {
  const drawn = crypto.getRandomValues(new Uint32Array(8));
  return `orch_${Array.from(drawn, (n) => LETTERS[n % LETTERS.length] ?? '').join('')}`;
}

/** The request that makes its chat: the chat's id follows from it and the owner. */
const requestOf = (id: string): string => `mcp:orchestrator:${id}`;

export async function createOrchestrator(
  { client }: Parent,
  { projectDir, repository }: Pick<Orchestrator, 'projectDir' | 'repository'>,
): Promise<Orchestrator> {
  const id = drawnId();
  const title = `MCP: ${id} in ${repository}`;
  const { id: chat, createdAt } = await client.createChat({ lead: 'program', title, id: requestOf(id) });
  const charter: z.infer<typeof charterSchema> = { orchestrator_id: id, project_dir: projectDir, repository };
  const { seq } = await client.send(chat, { text: JSON.stringify(charter), id: 'charter' });
  await client.readNews(chat, seq);
  return { id, chat, projectDir, repository, createdAt };
}

/** Undefined: there is none for this owner. Looking makes none. */
export async function findOrchestrator({ client }: Parent, id: string): Promise<Orchestrator | undefined> {
  if (!idShape.test(id)) return undefined;
  const owner = (await client.session())?.owner ?? '';
  const its = chatIdFor(owner, requestOf(id));
  try {
    const { createdAt } = await client.chat(its);
    const [first] = (await client.messages(its, { after: 0, limit: 1 })).messages;
    const charter = first && noteIn(charterSchema, first.text);
    // One that was cut before it had its charter was never told to anybody.
    if (charter?.orchestrator_id !== id) return undefined;
    return { id, chat: its, projectDir: charter.project_dir, repository: charter.repository, createdAt };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

// ───────────────────────────────────────────────────────── workers

export interface Worker {
  readonly worker_id: string;
  readonly label: string;
  readonly branch: string;
  readonly status: 'active' | 'completed' | 'ended';
  /** What the gateway calls it: `queued`, `input_required`, `failed` … */
  readonly state: string;
  readonly worktree_path?: string;
  /** What it waits to be told. */
  readonly asks?: string;
  readonly created_at: string;
  readonly completed_at?: string;
}

/** The workers of an orchestrator, newest first; what these spawn themselves is theirs. */
export async function workersOf(client: Client, chat: string): Promise<Worker[]> {
  const [subagents, worktrees] = await Promise.all([client.subagents(chat), client.worktrees(chat)]);
  return subagents.filter(isOwn).map((one) => {
    const worktree = worktrees.find(({ subagentId }) => subagentId === one.id);
    const { id, label, status, inputRequest, createdAt, endedAt } = one;
    return {
      worker_id: id,
      label,
      branch: worktree?.branch ?? branchOf(one),
      status: status === 'completed' ? 'completed' : isEnded(one) ? 'ended' : 'active',
      state: status,
      ...(worktree ? { worktree_path: worktree.folder } : {}),
      ...(inputRequest ? { asks: inputRequest.title } : {}),
      created_at: timeOf(createdAt),
      ...(endedAt === undefined ? {} : { completed_at: timeOf(endedAt) }),
    };
  });
}

export function isOwn({ path, label }: Pick<Subagent, 'path' | 'label'>): boolean {
  return path === label;
}

/** The branch that it works on; until it has begun, the one that it will have unless that is taken. */
export function branchOf({ label, workspace }: Pick<Subagent, 'label' | 'workspace'>): string {
  return workspace?.branch ?? `subagent/${label}`;
}

/** @param at milliseconds since the epoch */
export function timeOf(at: number): string {
  return new Date(at).toISOString();
}
