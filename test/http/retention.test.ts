/** What a gateway clears away by itself: on the real runtime and real folders, with a clock that is moved by hand. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bench, commit, repository } from '../workshop/setup.ts';
import { type Door, openDoor } from './door.ts';

const DAY = 24 * 3_600_000;

function cards(door: Door, id: string): string[] {
  const tree = door.runtime.state(id)?.tree.cards ?? {};
  return Object.values(tree).map((card) => `${card.label} ${card.announcement}`);
}

describe('a gateway', () => {
  test('forgets what is over for long, and nothing else', async () => {
    const repo = repository();
    const { workshop, data } = bench({ repositories: { app: repo } });
    const door = openDoor({ workshop, retention: { toolOutputDays: 30, endedTreesDays: 90 } });
    const id = await door.chat();
    const spawn = (label: string, more: object = {}) =>
      door.post(`/v1/chats/${id}/subagents`, { task: `hold:${label}`, label, ...more });
    for (const label of ['over', 'unread']) {
      await spawn(label, label === 'unread' ? { announce: 'quiet' } : {});
    }
    for (const label of ['landed', 'unlanded']) await spawn(label, { repo: 'app' });
    const tree = () => Object.values(door.runtime.state(id)?.tree.cards ?? {});
    const session = (label: string) => tree().find((card) => card.label === label)?.id ?? '';
    await door.until(() => door.model.calls === 4);
    const folder = join(data, 'worktrees', id, 'unlanded');
    commit(folder, { new: 'x\n' }, 'new');
    for (const label of ['over', 'landed', 'unlanded']) door.model.release(label);
    await door.until(() => tree().filter((card) => card.announcement === 'read').length === 3);
    await door.until(() => door.runtime.state(id)?.status === 'idle');
    // Its news is read by nobody: it wakes no one, and no one speaks any more.
    door.model.release('unread');
    await door.until(() => cards(door, id).includes('unread pending'));
    const [over, landed] = [session('over'), session('landed')];
    const before = (await door.get(`/v1/chats/${id}`)).body;

    // The first look comes after a minute: nothing is old yet.
    door.clock.advance(2 * 60_000);
    for (let n = 0; n < 200; n++) await new Promise((resolve) => setImmediate(resolve));
    expect(tree().length).toBe(4);
    await door.until(() => door.clock.timers > 0);
    for (let day = 0; day < 95 && tree().length > 2; day++) {
      door.clock.advance(DAY);
      // Whoever has looked sees to the next time.
      await door.until(() => door.clock.timers > 0);
    }
    await door.until(() => tree().length === 2 && door.runtime.state(id)?.leaving.length === 0);
    expect(
      tree()
        .map((card) => card.label)
        .sort(),
    ).toEqual(['unlanded', 'unread']);
    for (const gone of [over, landed]) {
      expect(door.store.session(gone)).toBeUndefined();
      expect(existsSync(join(data, 'scratch', gone))).toBe(false);
    }
    expect(readdirSync(join(data, 'worktrees', id))).toEqual(['unlanded']);
    const after = (await door.get(`/v1/chats/${id}`)).body;
    expect(JSON.stringify(after)).toContain(
      /"usage":\{[^}]*\}/.exec(JSON.stringify(before))?.[0] ?? 'no usage',
    );
    expect(door.failures).toEqual([]);
  });
});
