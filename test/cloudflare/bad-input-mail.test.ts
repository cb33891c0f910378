/** Mail between objects that is forged, broken or of another release: refused in words, or kept until it can be taken. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MAIL_VERSION } from '../../src/hosts/cloudflare/messages.ts';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { openWorkerHouse, type WorkerHouse } from './worker-house.ts';

function script({ toolNames, transcriptText }: ParsedRequest): Reply {
  if (toolNames.includes('stay_silent')) return { text: 'Well.' };
  return { text: transcriptText.includes('And now?') ? 'Once more.' : 'Done.' };
}

const idSchema = z.object({
  subagent: z.object({ id: z.string(), status: z.string(), attempt: z.number() }),
});

async function subagent(house: WorkerHouse, chat: string, label: string) {
  return idSchema.parse((await house.get(`/v1/chats/${chat}/subagents/${label}`)).body).subagent;
}

/** A chat with a subagent that has ended. */
async function family(house: WorkerHouse) {
  const chat = await house.chat();
  expect((await house.post(`/v1/chats/${chat}/subagents`, { task: 'Do it.', label: 'pawn' })).status).toBe(
    202,
  );
  await expect.poll(async () => (await subagent(house, chat, 'pawn')).status).toBe('completed');
  await house.rest(chat);
  return { chat, child: (await subagent(house, chat, 'pawn')).id };
}

const refused = (words: string | RegExp) => ({
  kind: 'refused',
  refusal: { message: expect.stringMatching(words) },
});

const log = (house: WorkerHouse, session: string) =>
  house.rows(session, 'SELECT key, text FROM events ORDER BY key');

const taskSchema = z.object({
  body: z.object({ kind: z.literal('task'), spec: z.record(z.string(), z.unknown()) }),
});

/** The task with which a session began, as its log has it. */
async function taskOf(house: WorkerHouse, session: string) {
  const rows = z.array(z.object({ text: z.string() })).parse(await log(house, session));
  for (const { text } of rows) {
    const found = taskSchema.safeParse(JSON.parse(text));
    if (found.success) return found.data.body;
  }
  throw new Error(`${session} began without a task`);
}

describe('mail that nobody can have sent', () => {
  test('to a session is refused, and not an event comes of it', async () => {
    const house = await openWorkerHouse(script);
    const { chat, child } = await family(house);
    const other = await family(house);
    const before = { chat: await log(house, chat), child: await log(house, child) };
    const steer = {
      kind: 'steer',
      steerId: 'steer_x',
      target: child,
      text: 'Do as I say.',
      by: 'parent',
      interrupt: true,
    };
    const kill = { kind: 'kill', target: child, by: 'parent' };
    const mail = (sender: string, to: string, body: object, n = 50) => ({
      version: MAIL_VERSION,
      sender,
      mails: [{ to, n, body }],
    });
    const forged: [string, unknown, string | RegExp][] = [
      [child, mail(other.chat, child, steer), 'neither the parent nor a child'],
      [child, mail('person', child, kill), 'neither the parent nor a child'],
      [child, mail(child, child, kill), 'neither the parent nor a child'],
      [chat, mail(other.child, chat, steer), 'neither the parent nor a child'],
      [chat, mail(child, chat, steer), /a child may not send steer/],
      [chat, mail(child, chat, kill), /a child may not send kill/],
      [child, mail(chat, other.child, kill), `not for ${child}`],
      [child, { ...mail(chat, child, kill), mails: [] }, 'no mail as sessions write it'],
      [child, mail(chat, child, { kind: 'kill' }), 'no mail as sessions write it'],
      [child, mail(chat, child, { ...kill, kind: 'poison' }), 'no mail as sessions write it'],
      [child, { ...mail(chat, child, kill), sender: 'x'.repeat(201) }, 'no mail as sessions write it'],
      [child, { ...mail(chat, child, kill), version: -1 }, 'no version'],
      [child, { sender: chat, mails: [] }, 'no version'],
      [child, 'mail', 'no version'],
      [child, null, 'no version'],
      [child, [], 'no version'],
    ];
    for (const [to, message, words] of forged) {
      expect(await house.call(to, 'mail', message), JSON.stringify(message)).toMatchObject(refused(words));
    }
    // A gap is acknowledged up to where it begins, and what lies behind it is not taken.
    expect(await house.call(child, 'mail', mail(chat, child, kill))).toEqual({
      kind: 'accepted',
      upTo: expect.any(Number),
    });
    expect(await log(house, chat)).toEqual(before.chat);
    expect(await log(house, child)).toEqual(before.child);
  });

  test('that would begin a session which is another one, or another one’s, begins none', async () => {
    const house = await openWorkerHouse(script);
    const { chat, child } = await family(house);
    const { spec } = await taskOf(house, child);
    const born = 'sub_0123456789abcdef';
    const task = (change: object, sender = chat, n = 1) => ({
      version: MAIL_VERSION,
      sender,
      mails: [{ to: born, n, body: { kind: 'task', spec: { ...spec, id: born, ...change } } }],
    });
    const wrong: [unknown, string][] = [
      [task({ id: child }), `the task is that of ${child}`],
      [task({ parent: child }), `the task is one of ${child}`],
      [task({}, 'somebody'), `and somebody sent it`],
      [task({}, chat, 2), 'no such session'],
      [task({ secret: 7 }), 'no mail as sessions write it'],
    ];
    for (const [message, words] of wrong) {
      expect(await house.call(born, 'mail', message), words).toMatchObject(refused(words));
    }
    expect(await house.call(born, 'row')).toBeNull();
    expect(await house.call(born, 'glance')).toBeNull();
    expect(await house.call(born, 'view')).toBeNull();
    expect(await house.call(born, 'events', 0, 10)).toEqual({ rows: [], more: false });
    await house.call(born, 'nudge');
    await house.call(born, 'remove');
    await house.call(born, 'revoked', 'x');
    expect(await house.call(born, 'tell', { name: 'progress' })).toBe(false);
    // Whoever reaches an object makes it; it holds nothing.
    expect(
      await house.rows(born, "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
    ).toEqual([]);
    expect(await house.directory('SELECT id FROM chats')).toEqual([{ id: chat }]);
  });
});

describe('mail of another release', () => {
  test('that is later is to be sent again, that is broken is refused, and neither is guessed at', async () => {
    const house = await openWorkerHouse(script);
    const { chat, child } = await family(house);
    const before = await log(house, child);
    const kill = { kind: 'kill', target: child, by: 'parent' };
    const mail = (version: number, body: object) => ({
      version,
      sender: chat,
      mails: [{ to: child, n: 9, body }],
    });
    for (const body of [kill, { kind: 'a-later-kind', x: 1 }]) {
      expect(await house.call(child, 'mail', mail(MAIL_VERSION + 1, body))).toEqual({
        kind: 'later',
        why: expect.stringContaining(`of version ${MAIL_VERSION + 1}, and this object reads`),
      });
    }
    expect(await house.call(child, 'mail', mail(MAIL_VERSION, { kind: 'a-later-kind' }))).toMatchObject(
      refused('no mail as sessions write it'),
    );
    expect(await log(house, child)).toEqual(before);
  });

  test('stays with its sender while its receiver is older, through resets, and is taken once when it no longer is', async () => {
    const house = await openWorkerHouse(script);
    const { chat, child } = await family(house);
    const before = await log(house, child);
    await house.debug({ what: 'behind', session: child });
    const steered = await house.post(`/v1/chats/${chat}/subagents/pawn/steer`, { message: 'And now?' });
    expect(steered.status).toBe(202);
    const came = () => house.debug({ what: 'came', session: child });
    await expect.poll(came).toBeGreaterThan(1);
    await house.host.abortAll();
    const until = Number(await came());
    await expect.poll(came, { timeout: 45_000 }).toBeGreaterThan(until);
    expect(await log(house, child)).toEqual(before);

    await house.debug({ what: 'mend', session: child });
    const attempt = async () => (await subagent(house, chat, 'pawn')).attempt;
    await expect.poll(attempt, { timeout: 45_000 }).toBe(2);
    await expect.poll(async () => (await subagent(house, chat, 'pawn')).status).toBe('completed');
    await house.rest(chat);
    const accepted = z
      .array(z.object({ text: z.string() }))
      .parse(await log(house, child))
      .filter(({ text }) => text.includes('And now?') && text.includes('mail.accepted'));
    expect(accepted).toHaveLength(1);
    expect(JSON.stringify(await log(house, chat))).toContain('Once more.');
  });
});
