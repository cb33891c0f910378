/**
 * Keeps the plans of sessions as files in their chats' folders, for people and tools to look at: rendered from the
 * state after what happened, never read. Nothing waits for it, and what can't be written is told and left.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { standings } from '../../core/plan.ts';
import { planFileName, planText } from '../../core/plan-text.ts';
import type { Clock } from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';
import type { Folders } from './workshop/folders.ts';

export interface PlanFiles {
  /** A session stands like this now. Returns at once, and never throws. */
  stands(session: Session): void;
  /**
   * Writes anew what is under way in these sessions at a start: whoever works on a plan is taken up then, but not
   * whoever planned it. `load` makes one stand; they are loaded one in a turn of the event loop.
   */
  anew(sessions: ReadonlySet<string>, load: (session: string) => void): void;
  /** Writes what is still to be written. */
  close(): Promise<void>;
}

/** What happens within this is written at once. */
const PAUSE_MS = 200;
/** Plans that are remembered though they are over, so that the same is not written again and again. */
const KEPT_OVER = 200;

interface Kept {
  state: Session;
  /** What its subagents do now. */
  readonly activities: Map<string, string>;
  /** What the file holds. */
  written?: string;
}

export function makePlanFiles(ports: {
  readonly folders: Pick<Folders, 'tmp' | 'partial'>;
  readonly clock: Clock;
  readonly trouble: (error: unknown) => void;
}): PlanFiles {
  const { folders, clock, trouble } = ports;
  /** By session. */
  const kept = new Map<string, Kept>();
  const due = new Set<string>();
  /** Chats that are being deleted: their folders are not made again. */
  const leaving = new Set<string>();
  let writing: Promise<void> | undefined;

  function mark(id: string): void {
    due.add(id);
    writing ??= new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve)).then(writeAll);
  }

  async function writeAll(): Promise<void> {
    const ids = [...due];
    due.clear();
    for (const id of ids) {
      const one = kept.get(id);
      if (!one) continue;
      await write(one).catch(trouble);
    }
    writing = undefined;
    const [next] = due;
    if (next !== undefined) mark(next);
  }

  async function write(one: Kept): Promise<void> {
    const { state, activities } = one;
    const text = planText(state, (subagent) => activities.get(subagent));
    if (text === undefined || text === one.written || leaving.has(state.chat)) return;
    const folder = folders.tmp(state.chat);
    await mkdir(folder, { recursive: true });
    // Tools of the chat write in its folder: what they may have put in the file's place is replaced, never followed.
    const aside = join(folders.partial, `plan-${randomUUID()}`);
    try {
      await writeFile(aside, text, { flag: 'wx', mode: 0o600 });
      await rename(aside, join(folder, planFileName(state)));
      one.written = text;
    } finally {
      await rm(aside, { force: true });
    }
  }

  function forget(): void {
    for (const [id, { state }] of kept) {
      if (kept.size < KEPT_OVER) return;
      if (isOver(state) && !due.has(id)) kept.delete(id);
    }
  }

  return {
    stands(session) {
      const { id, chat, spec, plan, activity, deleting } = session;
      if (deleting) leaving.add(chat);
      const parent = spec && kept.get(spec.parent);
      if (parent && parent.activities.get(id) !== activity) {
        parent.activities.set(id, activity);
        mark(spec.parent);
      }
      if (!plan) return;
      const known = kept.get(id);
      if (known) known.state = session;
      else {
        forget();
        kept.set(id, { state: session, activities: new Map() });
      }
      mark(id);
    },
    anew(sessions, load) {
      const left = [...sessions];
      const next = (): void => {
        const id = left.pop();
        if (id === undefined) return;
        load(id);
        clock.soon(next);
      };
      next();
    },
    async close() {
      while (writing) await writing;
    },
  };
}

function isOver(state: Session): boolean {
  return standings(state).every(({ status }) => status !== 'PENDING' && status !== 'IN_PROGRESS');
}
