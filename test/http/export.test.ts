/** A chat taken along: every event as it is stored, or a document that nothing in it can break. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { code, escaped, fenced } from '../../src/http/export-markdown.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import { type Door, openDoor } from './door.ts';

const lineShape = z.object({
  session: z.string(),
  path: z.string(),
  seq: z.number(),
  at: z.number(),
  version: z.number(),
  event: z.looseObject({ v: z.number(), type: z.string() }),
});

async function exported(door: Door, id: string, format: string): Promise<{ text: string; headers: Headers }> {
  const response = await door.request('GET', `/v1/chats/${id}/export?format=${format}`);
  expect(response.status).toBe(200);
  return { text: await response.text(), headers: response.headers };
}

/** A chat with a boss, its pawn, and words that would break a careless document. */
async function hostile(door: Door): Promise<string> {
  const id = await door.chat({ title: '# Not a [heading](x) `at` <b>all</b>' });
  await door.post(`/v1/chats/${id}/messages`, {
    text: '# Chapter\n````\n</details><!-- \n```\n## Subagents\r# no\r````````',
  });
  await door.post(`/v1/chats/${id}/subagents`, { task: 'spawn:pawn hold:boss', label: 'boss' });
  await door.until(() => Object.keys(door.runtime.state(id)?.tree.cards ?? {}).length === 2);
  door.model.release('boss');
  door.model.release('pawn');
  await door.until(() => door.runtime.state(id)?.status === 'idle' && settled(door, id));
  return id;
}

function settled(door: Door, id: string): boolean {
  return Object.values(door.runtime.state(id)?.tree.cards ?? {}).every(
    (card) => card.announcement === 'read',
  );
}

describe('an export as JSON lines', () => {
  test('holds every event of the whole tree as it is stored, but for the secrets', async () => {
    const door = openDoor();
    const id = await hostile(door);
    const { text, headers } = await exported(door, id, 'jsonl');
    expect(headers.get('content-type')).toBe('application/jsonl; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(
      'attachment; filename="not-a-heading-x-at-b-all-b.jsonl"',
    );
    const [first = '', ...rest] = text.trimEnd().split('\n');
    expect(JSON.parse(first)).toMatchObject({ tidings: 'export', format: 1, chat: { id } });
    const lines = rest.map((line) => lineShape.parse(JSON.parse(line)));
    const rows = door.store
      .sessions(id)
      .flatMap((row) => door.store.events(row.id, 0, 10_000).map((event) => ({ ...event, session: row.id })));
    expect(lines.map(({ session, seq, at }) => ({ session, seq, at }))).toEqual(
      rows.map(({ session, seq, at }) => ({ session, seq, at })),
    );
    expect(new Set(lines.map(({ path }) => path))).toEqual(new Set(['', 'boss', 'boss/pawn']));
    let same = 0;
    lines.forEach((line, index) => {
      const stored = rows[index]?.event ?? '';
      expect(line.version).toBe(JSON.parse(stored).v);
      if (JSON.stringify(line.event) === stored) same += 1;
      else expect(JSON.stringify(line.event)).toBe(stored.replaceAll(/"secret":"[^"]+"/g, '"secret":""'));
    });
    // A birth and a spawn, the mail with the task where it is posted and where it is accepted.
    expect(lines.length - same).toBe(1 + 2 * 4);
    for (const row of door.store.sessions(id)) {
      const secret = door.runtime.state(row.id)?.secret ?? '';
      expect(secret.length).toBeGreaterThan(10);
      expect(text).not.toContain(secret);
    }
  });

  test('leaves words alone that look like a secret', async () => {
    const door = openDoor();
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/messages`, { text: '{"secret":"of mine"}' });
    expect((await exported(door, id, 'jsonl')).text).toContain(String.raw`{\"secret\":\"of mine\"}`);
  });

  test('ends where the chat stood when it was asked for, and is read no faster than it is taken', async () => {
    const memory = memoryStore();
    let read = 0;
    const store: typeof memory = {
      ...memory,
      events(session, after, limit) {
        const rows = memory.events(session, after, limit);
        read += rows.length;
        return rows;
      },
    };
    const door = openDoor({}, store);
    const id = await door.chat();
    await door.post(`/v1/chats/${id}/messages`, { text: 'hello' });
    await door.until(() => door.runtime.state(id)?.status === 'idle');
    let seq = memory.session(id)?.seq ?? 0;
    const notice = JSON.stringify({ v: 2, type: 'notice', level: 'info', text: 'x'.repeat(1_000) });
    for (let n = 0; n < 100; n++) {
      const events = Array.from({ length: 100 }, (_, i) => ({ seq: seq + i + 1, at: 1, event: notice }));
      memory.commit([{ session: id, events, wants: false }]);
      seq += 100;
    }
    const next = door.restart();
    await next.get(`/v1/chats/${id}`);
    read = 0;
    const response = await next.request('GET', `/v1/chats/${id}/export`);
    const reader = response.body?.getReader();
    await reader?.read();
    for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
    expect(read).toBeLessThan(500);
    await next.patch(`/v1/chats/${id}`, { title: 'later' });
    let rest = '';
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      rest += decoder.decode(value, { stream: true });
    }
    expect(JSON.parse(rest.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ seq });
    expect(rest).not.toContain('later');
  });

  test('breaks off when its chat is deleted meanwhile', async () => {
    const door = openDoor();
    const id = await hostile(door);
    const response = await door.request('GET', `/v1/chats/${id}/export`);
    await door.remove(`/v1/chats/${id}`);
    await expect(response.text()).rejects.toThrow();
  });
});

/** The lines of a document that are outside of its fences. */
function outside(text: string): string[] {
  const lines: string[] = [];
  let fence: number | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const run = /^ {0,3}(`{3,})([^`]*)$/.exec(line);
    if (fence === undefined && run) fence = run[1]?.length;
    else if (fence !== undefined && run && run[2]?.trim() === '' && (run[1]?.length ?? 0) >= fence)
      fence = undefined;
    else if (fence === undefined) lines.push(line);
  }
  expect(fence).toBeUndefined();
  return lines;
}

describe('an export as Markdown', () => {
  test('tells the conversation and each subagent, and nothing that was said is a part of it', async () => {
    const door = openDoor();
    const id = await hostile(door);
    const { text, headers } = await exported(door, id, 'markdown');
    expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(headers.get('content-disposition')).toMatch(/filename="[a-z-]+\.md"$/);
    const own = outside(text);
    expect(own.filter((line) => line.startsWith('#'))).toEqual([
      String.raw`# \# Not a \[heading\]\(x\) \`at\` \<b\>all\<\/b\>`,
      '## Conversation',
      '## Subagents',
      '### boss',
      String.raw`#### boss\/pawn`,
    ]);
    expect(own.join('\n')).not.toMatch(/<!--|<\/details>/);
    expect(text).toContain('`````````text\n# Chapter\n````\n</details><!-- ');
    expect(text).toContain('**Task**');
    expect(text).toContain('**Result (completed)**');
    expect(text).toContain('**News of boss** · 2023-11-14 22:13 UTC · completed');
    expect(own.some((line) => /^- Tool `sessions_spawn.*`: done, 0\.0 s$/.test(line))).toBe(true);
    expect(text).toMatch(/Together with all subagents: \d+ tokens read, \d+ written, \$0\.\d\d/);
  });

  test('keeps any text whole in its fence, and any name on its line', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('`', '``', '~~~', '\n', '\r', ' ', '#', '<', '\\', 'x', '\u2028', '-'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(nasty, (words) => {
        expect(outside(`a\n${fenced(words)}\nb`)).toEqual(['a', 'b']);
        expect(fenced(words)).toContain(`\n${words}\n`);
        expect(`${code(words)}${escaped(words)}`).not.toMatch(/[\n\r\u2028]/);
        const run = /^`+/.exec(code(words))?.[0] ?? '';
        expect(code(words).slice(run.length, -run.length).split(/[^`]+/)).not.toContain(run);
      }),
    );
  });

  test('of another kind is refused', async () => {
    const door = openDoor();
    const id = await door.chat();
    expect(await door.get(`/v1/chats/${id}/export?format=pdf`)).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'format', message: 'must be "jsonl" or "markdown", not "pdf"' }] },
    });
  });
});
