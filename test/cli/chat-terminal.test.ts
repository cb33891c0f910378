/** `tidings chat` in a real terminal: what is seen, what keys do in each state, and that the terminal is given back. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { shareSetting } from '../client/setting.ts';
import { TOKEN } from '../http/door.ts';
import { ESCAPE, openPty, type Pty } from './pty.ts';

const setting = shareSetting();

interface Opened extends Pty {
  readonly chat: string;
}

/** A chat that is there, in a terminal. */
async function opened(
  more: { env?: Record<string, string>; columns?: number; rows?: number } = {},
): Promise<Opened> {
  const chat = await setting.door.chat({ title: 'given' });
  const pty = openPty(['chat', chat], {
    ...more,
    env: { TIDINGS_URL: setting.proxy.url, TIDINGS_TOKEN: TOKEN, ...more.env },
  });
  await pty.sees('/help');
  return Object.defineProperties(Object.create(pty, { chat: { value: chat } }), {});
}

const statusOf = (chat: string): string | undefined => setting.door.runtime.state(chat)?.status;

describe('a conversation in a terminal', () => {
  test('shows words while they are said, sends what is typed meanwhile at once, and stops with Ctrl-C', async () => {
    const { door } = setting;
    const pty = await opened();
    pty.press('say:first\\n|second hold:slow\r');
    await pty.sees('speaking (Ctrl-C stops)');
    pty.press('and this meanwhile\r');
    await pty.sees('› and this meanwhile');
    await door.until(() => door.answered.some((line) => line.includes(`${pty.chat}/messages 202`)));
    pty.press('\x03');
    await pty.sees('Stopped.');
    await door.until(() => statusOf(pty.chat) === 'parked');
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
  });

  test('stops with /stop, goes on with /resume, and lists the chats', async () => {
    const { door } = setting;
    const pty = await opened();
    pty.press('say:so hold:parking\r');
    await pty.sees('speaking (Ctrl-C stops)');
    pty.press('/stop all of it\r');
    await pty.sees('/stop takes nothing, or all.');
    pty.press('/stop\r');
    await pty.sees('Stopped.');
    await door.until(() => statusOf(pty.chat) === 'parked');
    pty.press('/chats\r');
    await pty.sees(new RegExp(`\\* +${pty.chat} +given +parked`));
    pty.press('/resume\r');
    await door.until(() => statusOf(pty.chat) === 'working');
    door.model.release('parking');
    await door.until(() => statusOf(pty.chat) === 'idle');
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
  });

  test('leaves with a second Ctrl-C while the assistant speaks, with a word on what was not finished', async () => {
    const pty = await opened();
    pty.press('say:so hold:long\r');
    await pty.sees('speaking (Ctrl-C stops)');
    pty.press('\x03\x03');
    expect(await pty.code()).toBe(0);
    expect(pty.text).toContain('Stopping; Ctrl-C again leaves.');
    expect(pty.text).toMatch(/ icanon /);
  });

  test('has a line for who is at work, passes on what a subagent is told, and shows its ending', async () => {
    const { door } = setting;
    const pty = await opened();
    pty.press('spawn:docs\r');
    await pty.sees('▸ docs has its task: hold:docs');
    await pty.sees(/● docs at work \d:\d\d, \d steps?, \$0\.\d\d/);
    pty.press('/steer docs be brief\r');
    await pty.sees('On its way to docs: be brief');
    pty.press('/subagents\r');
    await pty.sees(/docs at work .* (\d steps?)/);
    door.model.release('docs');
    await pty.sees('✓ docs is done');
    await pty.sees('docs has read what it was told.');
    pty.press('/show docs\r');
    await pty.sees('Task: hold:docs');
    pty.press('/quit\r');
    expect(await pty.code()).toBe(0);
    expect(pty.text).toContain(`tidings chat ${pty.chat}`);
  });

  test('makes a question hard to miss, rings once, and takes the answer', async () => {
    const pty = await opened();
    await setting.client.spawn(pty.chat, { task: 'ask:which-one', label: 'docs' });
    await pty.sees('? docs asks: which-one To answer: /answer docs and your answer');
    await pty.sees('? docs asks (/answer docs): which-one');
    pty.press('/answer docs the red one\r');
    await pty.sees('docs is answered, says a person: the red one');
    await pty.sees('✓ docs is done');
    expect(pty.raw.split('\x07')).toHaveLength(2);
    // The gateway's notice of it would say the same again.
    expect(pty.text).not.toContain('It waits for an answer');
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
  });

  test('empties the line with Ctrl-C, leaves with the next, says what is still at work, and gives the terminal back', async () => {
    const { door } = setting;
    const pty = await opened();
    pty.press('spawn:later\r');
    await pty.sees('● later at work');
    await door.until(() => statusOf(pty.chat) === 'idle');
    await pty.sees(/heard: .*/);
    await expect.poll(() => pty.text).not.toContain('Ctrl-C stops');
    pty.press('never meant');
    await pty.sees('› never meant');
    pty.press('\x03');
    await expect.poll(() => pty.text).not.toContain('never meant');
    expect(pty.text).not.toContain('ended with');
    pty.press('\x03');
    expect(await pty.code()).toBe(0);
    expect(pty.text).toContain('One subagent is still at work; that goes on');
    expect(pty.text).toMatch(/ icanon /);
    expect(pty.text).toMatch(/ echo /);
    door.model.release('later');
  });

  test('leaves with Ctrl-C while the gateway is slow to open the chat', async () => {
    const chat = { id: 'chat_slow', title: '', status: 'idle', subagents: {} };
    const slow = createServer((request, response) => {
      const told = new Map([
        ['GET /', { name: 'tidings' }],
        ['GET /v1/chats', { chats: [], next: null }],
        ['POST /v1/chats', { chat }],
      ]).get(`${request.method} ${request.url?.split('?')[0]}`);
      if (told) response.setHeader('content-type', 'application/json').end(JSON.stringify(told));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      slow.closeAllConnections();
      slow.close();
    });
    await once(slow, 'listening');
    const address = slow.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const pty = openPty(['chat'], {
      env: { TIDINGS_URL: `http://127.0.0.1:${port}`, TIDINGS_TOKEN: TOKEN },
    });
    await pty.sees('/help');
    pty.press('\x03');
    expect(await pty.code()).toBe(0);
    expect(pty.text).toMatch(/ icanon /);
  });

  test('says that the connection is lost and back, and sends once what was typed meanwhile', async () => {
    const { door, proxy } = setting;
    const pty = await opened();
    // What is heard shows that there is a connection to be lost.
    pty.press('before\r');
    await pty.sees(/heard: .*before/);
    proxy.way = 'barred';
    proxy.cut();
    await pty.sees('The connection is lost.');
    pty.press('typed in the dark\r');
    await pty.sees('a message waits to be sent');
    proxy.way = 'open';
    await pty.sees('The connection is back.');
    await pty.sees(/heard: .*typed in the dark/);
    const { messages } = await setting.client.messages(pty.chat);
    expect(messages.filter(({ role }) => role === 'user').map(({ text }) => text)).toEqual([
      'before',
      'typed in the dark',
    ]);
    expect(pty.text.split('› typed in the dark')).toHaveLength(2);
    await door.remove(`/v1/chats/${pty.chat}`);
    await pty.sees('This chat was deleted.');
    expect(await pty.code()).toBe(1);
  });

  test('sends what is pasted with line breaks as one, and opens another chat beside it', async () => {
    const { door } = setting;
    const pty = await opened();
    pty.press('\x1b[200~one\rtwo\rthree\x1b[201~');
    await pty.sees('one two › three');
    pty.press(' and typed\r');
    await pty.sees('› one two three and typed heard: ');
    const { messages } = await setting.client.messages(pty.chat);
    expect(messages[0]?.text).toBe('one\ntwo\nthree and typed');
    pty.press('/new The other\r');
    await pty.sees('A new chat: The other.');
    pty.press('hello\r');
    await pty.sees(/heard: [^›]*hello/);
    pty.press(`/open ${pty.chat.slice(0, -1)}\r`);
    await pty.sees('given: what was said last. › one two three and typed');
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
    await door.remove(`/v1/chats/${pty.chat}`);
  });

  test('carries out what is typed ahead in its order: words behind /new are for the new chat, and for none if it fails', async () => {
    const { door } = setting;
    const pty = await opened();
    pty.press('/new Ahead\r');
    pty.press('for the new one\r');
    await pty.sees(/› \/new Ahead · A new chat: Ahead. › for the new one heard: [^›]*for the new one/);
    pty.press('/open nowhere\r');
    pty.press('for nobody\r');
    await pty.sees('! There is no chat "nowhere". ! Not sent: for nobody');
    pty.press('/stop\r');
    pty.press('/resume\r');
    await pty.sees('› /stop · Nothing is at work that it could end. › /resume · The chat is not parked');
    pty.press('/etc/hosts is odd\r');
    await pty.sees('There is no /etc/hosts. /help lists all. To say it as it stands, put a blank before it.');
    pty.press(' /etc/hosts is odd\r');
    await pty.sees(/heard: [^›]*\/etc\/hosts is odd/);
    expect((await setting.client.messages(pty.chat)).messages).toEqual([]);
    pty.press('/quit\r');
    expect(await pty.code()).toBe(0);
    await door.remove(`/v1/chats/${pty.chat}`);
  });

  test('completes commands and labels with Tab, and lists near ones for a command that is not', async () => {
    const { door } = setting;
    const pty = await opened();
    pty.press('spawn:parser-work\r');
    await pty.sees('● parser-work at work');
    pty.press('/ste\t');
    await pty.sees('› /steer');
    pty.press(' par\t');
    await pty.sees('› /steer parser-work');
    pty.press('\x15/stter\r');
    await pty.sees('There is no /stter. Did you mean /steer?');
    pty.press('/kill all\r');
    await pty.sees('Ended: parser-work.');
    await pty.sees('✗ parser-work was killed');
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
    door.model.release('parser-work');
  });

  test('fits 20 columns', async () => {
    const pty = await opened({ columns: 20, rows: 12 });
    pty.press('spawn:a-rather-long-label\r');
    await pty.sees('● a-rather-long-la…');
    pty.press('/subagents\r');
    await pty.sees(/a-rather-long-label? /);
    pty.press('/kill all\r');
    await pty.sees('was killed');
    pty.press('/help\r');
    await pty.sees('Ctrl-C stops what the assistant is doing; at rest it empties the line');
    expect(Math.max(...pty.lines.map((line) => line.length))).toBeLessThanOrEqual(20);
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
  });

  test('uses no colours where NO_COLOR is set, and no escapes at all on a dumb terminal', async () => {
    const plain = await opened({ env: { NO_COLOR: '1' } });
    plain.press('hello\r');
    await plain.sees('heard: ');
    // Help is of no help where it is cut.
    plain.press('/help\r');
    await plain.sees('/stop [all] ends what the assistant does; all: subagents, too /resume');
    await plain.sees('Tab completes.');
    expect(plain.text).not.toContain('…');
    expect(plain.raw).not.toMatch(new RegExp(`${ESCAPE}\\[[\\d;]*m`));
    plain.press('\x04');
    expect(await plain.code()).toBe(0);
    const dumb = await opened({ env: { TERM: 'dumb' } });
    dumb.press('hello\r');
    await dumb.sees('heard: ');
    expect(dumb.raw).not.toContain(ESCAPE);
    dumb.press('/quit\r');
    expect(await dumb.code()).toBe(0);
  });
});
