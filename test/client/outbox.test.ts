/** What people type while the gateway is away: never lost, never sent twice, in order. */
import { afterEach, describe, expect, test } from 'vitest';
import { makeOutbox, type Outbox, type OutboxEntry, type OutboxOptions } from '../../src/client/index.ts';
import { shareSetting } from './setting.ts';

const setting = shareSetting();
const open: Outbox[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function outbox(options: OutboxOptions = {}): Outbox {
  const made = makeOutbox(setting.client, options);
  open.push(made);
  return made;
}

/** A storage that several outboxes share, as text, as a browser keeps it. */
function storage() {
  let text = '[]';
  return {
    load(): OutboxEntry[] {
      const kept: OutboxEntry[] = JSON.parse(text);
      return kept;
    },
    save(entries: readonly OutboxEntry[]) {
      text = JSON.stringify(entries);
    },
    write(other: string) {
      text = other;
    },
  };
}

function away(): void {
  setting.proxy.way = 'barred';
  setting.proxy.cut();
}

async function heard(chat: string): Promise<string[]> {
  const { messages } = await setting.client.messages(chat);
  return messages.filter(({ role }) => role === 'user').map(({ text }) => text);
}

describe('the outbox', () => {
  test('sends what was typed while the gateway was away, once and in order, when it is back', async () => {
    const chat = await setting.door.chat();
    away();
    const sent: string[] = [];
    const box = outbox({ onSent: ({ text = '' }, message) => sent.push(`${text} = ${message.text}`) });
    for (const text of ['one', 'two', 'three']) box.add(chat, { text });
    await expect.poll(() => box.state.state).toBe('waiting');
    expect(box.entries.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    setting.proxy.way = 'open';
    box.flush();
    await box.empty();
    expect(await heard(chat)).toEqual(['one', 'two', 'three']);
    expect(sent).toEqual(['one = one', 'two = two', 'three = three']);
    expect(box.state).toEqual({ state: 'idle' });
  });

  test('sends again what may have been heard, and it is heard once', async () => {
    const { door, proxy } = setting;
    const chat = await door.chat();
    const box = outbox();
    proxy.way = 'one-way';
    box.add(chat, { text: 'whose answer is lost' });
    await door.until(() => door.answered.includes(`POST /v1/chats/${chat}/messages 202`));
    proxy.way = 'open';
    await box.empty();
    expect(await heard(chat)).toEqual(['whose answer is lost']);
  });

  test('tells a refusal in its words, gives the words back, and goes on with the next', async () => {
    const chat = await setting.door.chat();
    const refused: string[] = [];
    const box = outbox({ onRefused: ({ text = '' }, { detail }) => refused.push(`${text}: ${detail}`) });
    box.add('chat_that_is_gone', { text: 'to nobody' });
    box.add(chat, { text: 'to somebody' });
    await box.empty();
    expect(refused).toEqual([expect.stringMatching(/^to nobody: There is no chat/)]);
    expect(await heard(chat)).toEqual(['to somebody']);
  });

  test('keeps what waits through a reload of the page', async () => {
    const chat = await setting.door.chat();
    const store = storage();
    away();
    const before = outbox({ store });
    before.add(chat, { text: 'first' });
    before.add(chat, { text: 'second' });
    await expect.poll(() => before.state.state).toBe('waiting');
    before.close();
    setting.proxy.way = 'open';
    const after = outbox({ store });
    expect(after.entries.map(({ text }) => text)).toEqual(['first', 'second']);
    await after.empty();
    expect(await heard(chat)).toEqual(['first', 'second']);
    expect(store.load()).toEqual([]);
  });

  test('of two tabs that keep the same entries each is heard once, and none is lost', async () => {
    const chat = await setting.door.chat();
    const store = storage();
    away();
    const tabs = [outbox({ store }), outbox({ store })];
    for (const [n, tab] of [...tabs, ...tabs].entries()) tab.add(chat, { text: `word ${n}` });
    await expect.poll(() => tabs.map(({ state }) => state.state)).toEqual(['waiting', 'waiting']);
    setting.proxy.way = 'open';
    for (const tab of tabs) tab.flush();
    await Promise.all(tabs.map((tab) => tab.empty()));
    expect(await heard(chat)).toEqual(['word 0', 'word 1', 'word 2', 'word 3']);
    expect(store.load()).toEqual([]);
  });

  test('loses nothing to a storage that is full, and minds nothing that it never wrote', async () => {
    const chat = await setting.door.chat();
    const full = outbox({
      store: {
        load: () => [],
        save() {
          throw new Error('the quota is exceeded');
        },
      },
    });
    full.add(chat, { text: 'still here' });
    await full.empty();
    const store = storage();
    store.write('[null, 7, {"id": 3}, {"text": "no chat"}]');
    const strange = outbox({ store });
    expect(strange.entries).toEqual([]);
    strange.add(chat, { text: 'beside it' });
    await strange.empty();
    expect(await heard(chat)).toEqual(['still here', 'beside it']);
  });

  test('waits while nobody is signed in, and goes on once somebody is', async () => {
    const chat = await setting.door.chat();
    setting.token = 'another-token-of-the-tests-0123456';
    const box = outbox();
    box.add(chat, { text: 'kept' });
    await expect.poll(() => box.state.state).toBe('signed-out');
    setting.token = 'a-token-of-the-tests-0123456789';
    box.flush();
    await box.empty();
    expect(await heard(chat)).toEqual(['kept']);
  });

  test('takes one back only while it can not have been heard', async () => {
    const chat = await setting.door.chat();
    away();
    const box = outbox();
    const first = box.add(chat, { text: 'on its way' });
    const second = box.add(chat, { text: 'thought better of' });
    await expect.poll(() => box.state.state).toBe('waiting');
    expect([box.drop(first.id), box.drop(second.id), box.drop('unknown')]).toEqual([false, true, false]);
    setting.proxy.way = 'open';
    box.flush();
    await box.empty();
    expect(await heard(chat)).toEqual(['on its way']);
  });
});
