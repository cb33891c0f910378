/** Files sent along, over real HTTP to the model: byte for byte, through restarts, and gone when their chat is. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fileSchema } from '../../src/core/files.ts';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import { heavyPng, joined, pdf, png, utf8 } from '../http/sample-files.ts';
import { bash, cast, firstWords, resultOf, spawn } from './cast.ts';
import type { Chat } from './client.ts';
import { type House, openHouse, openProcessHouse } from './harness.ts';
import { host, testWithProcesses } from './hosts.ts';

const seen = cast({ main: (request) => ({ text: `Seen ${request.answers + 1}.` }) });

async function ask(house: House, method: string, path: string, body?: Uint8Array<ArrayBuffer>) {
  return fetch(`${house.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${house.token}` },
    ...(body ? { body } : {}),
  });
}

async function send(house: House, chat: Chat, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const response = await ask(house, 'POST', chat.path(`/files?name=${encodeURIComponent(name)}`), bytes);
  expect([200, 201]).toContain(response.status);
  return z.object({ file: fileSchema }).parse(await response.json()).file;
}

async function say(house: House, chat: Chat, files: readonly { id: string }[], text: string) {
  const parts = [...files.map(({ id }) => ({ type: 'file', id })), { type: 'text', text }];
  const { status } = await house.client.post(chat.path('/messages'), { parts });
  expect(status).toBe(202);
}

/** The files of a request, as the model has them. */
function filesOf(request: ParsedRequest | undefined): unknown[] {
  return (request?.messages ?? []).flatMap(({ blocks }) => blocks.filter(({ type }) => type !== 'text'));
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('files sent along with a message', () => {
  test('come to the model byte for byte, again after a restart, and are shown until their chat is deleted', async () => {
    const house = await openHouse({ script: seen });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    const bytes = { shot: heavyPng(1_500_000), paper: pdf(), notes: utf8('# Über uns\n日本語\n') };
    const shot = await send(house, chat, 'shot.png', bytes.shot);
    const paper = await send(house, chat, 'paper.pdf', bytes.paper);
    const notes = await send(house, chat, 'notes.md', bytes.notes);
    await say(house, chat, [shot, paper, notes], 'What are these?');
    await feed.first('message', ({ message }) => message.text === 'Seen 1.');
    const expected = [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64(bytes.shot) } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: base64(bytes.paper) },
        title: 'paper.pdf',
      },
      {
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: '# Über uns\n日本語\n' },
        title: 'notes.md',
      },
    ];
    expect(filesOf(house.requests.at(-1))).toEqual(expected);
    // Where there are folders, it is told where they lie for tools.
    const at = (name: string) =>
      host === 'node' ? `, at ${join(house.data, 'tmp', chat.id, 'files', name)}` : '';
    expect(house.requests.at(-1)?.lastUserText).toContain(
      `with "shot.png" (an image of 2 × 2, 1.5 MB${at('shot.png')}), "paper.pdf" (a PDF, 102 bytes${at('paper.pdf')}), "notes.md" (a text, 22 bytes${at('notes.md')})]\nWhat are these?`,
    );
    const [message] = await chat.messages();
    expect(message?.parts).toEqual([
      { type: 'file', ...shot },
      { type: 'file', ...paper },
      { type: 'file', ...notes },
      { type: 'text', text: 'What are these?' },
    ]);

    await house.stop();
    await house.start();
    await chat.say('And now?');
    await house.simulator.until(() => house.requests.length === 2);
    // That the request begins with the one before it is watched by the house.
    expect(filesOf(house.requests.at(-1))).toEqual(expected);
    const response = await ask(house, 'GET', chat.path(`/files/${shot.id}`));
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(bytes.shot))).toBe(true);

    await feed.first('message', ({ message }) => message.text === 'Seen 2.');
    expect((await house.client.remove(chat.path())).status).toBe(200);
    expect((await ask(house, 'GET', chat.path(`/files/${shot.id}`))).status).toBe(404);
  });

  test('are as large as 10 MiB and no larger, and what is refused is told in words', async () => {
    const house = await openHouse({ script: seen });
    const chat = await house.client.newChat();
    const limit = 10 * 1024 * 1024;
    const end = utf8('\n%%EOF\n');
    const largest = joined(pdf().slice(0, 100), utf8(' '.repeat(limit - 100 - end.length)), end);
    const file = await send(house, chat, 'largest.pdf', largest);
    expect(file.bytes).toBe(limit);
    const shown = await ask(house, 'GET', chat.path(`/files/${file.id}`));
    expect(Buffer.from(await shown.arrayBuffer()).equals(Buffer.from(largest))).toBe(true);
    const refused = await ask(
      house,
      'POST',
      chat.path('/files?name=a.pdf'),
      joined(largest, utf8('\n')),
    ).then(
      ({ status }) => status,
      // The connection may end before all of it is sent.
      () => 413,
    );
    expect(refused).toBe(413);
    const wrong = await ask(house, 'POST', chat.path('/files?name=shot.png'), pdf());
    expect(wrong.status).toBe(422);
    expect(await wrong.json()).toMatchObject({
      detail: 'The file says .png by its name, but its bytes are a PDF.',
    });
    const other = await house.client.newChat();
    const strange = await house.client.post(other.path('/messages'), {
      parts: [{ type: 'file', id: file.id }],
    });
    expect(strange.status).toBe(422);
  });

  test('too many for one request make room: the older ones give way, and the new ones are read', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) =>
          request.lastUserText.includes('Write a summary')
            ? { text: 'There was an image, a wide one.' }
            : { text: `Seen ${request.answers + 1}.` },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    const wide = await send(house, chat, 'wide.png', png(2_001, 3));
    await say(house, chat, [wide], 'The wide one.');
    await feed.first('message', ({ message }) => message.text === 'Seen 1.');
    const small = [];
    for (let n = 0; n < 20; n++) small.push(await send(house, chat, `${n}.png`, png(n + 1, 1)));
    await say(house, chat, small, 'Twenty more.');
    await feed.first('message', ({ message }) => message.role === 'assistant' && message.text !== 'Seen 1.');
    const last = house.requests.at(-1);
    expect(filesOf(last)).toHaveLength(20);
    expect(last?.transcriptText).toContain('The file "wide.png"');
    expect(last?.transcriptText).toContain('There was an image, a wide one.');
    expect(last?.lastUserText).toContain('Twenty more.');
  });

  test('are durable when they are acknowledged, whatever becomes of the gateway', async () => {
    const house = await openProcessHouse({ script: seen });
    const chat = await house.client.newChat();
    const bytes = heavyPng(300_000);
    const file = await send(house, chat, 'shot.png', bytes);
    await house.gateway.end('SIGKILL');
    await house.start();
    const shown = await ask(house, 'GET', chat.path(`/files/${file.id}`));
    expect(Buffer.from(await shown.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
    const feed = chat.feed();
    await say(house, chat, [file], 'Look.');
    await feed.first('message', ({ message }) => message.text === 'Seen 1.');
    expect(filesOf(house.requests.at(-1))).toHaveLength(1);
  });

  testWithProcesses(
    'lie where tools of their chat find them: the assistant hands the path on, and a subagent opens the file',
    async () => {
      const house = await openHouse({
        script: cast({
          main: (request) => {
            const path = /with "Q3 \(final\)\.csv" \(a text, 8 bytes, at (\S+)\)\]/.exec(
              request.lastUserText,
            )?.[1];
            return path === undefined
              ? { text: 'I see.' }
              : { toolCalls: [spawn(`Add up what is in ${path}`, { label: 'sum' })] };
          },
          'Add up': (request) => {
            const path = /what is in (\S+)/.exec(firstWords(request))?.[1] ?? '';
            if (request.answers === 0) {
              const look = { name: 'read', input: { path: '/tmp/files/Q3-final.csv' } };
              return { toolCalls: [bash(`cat ${path}`), look] };
            }
            return { text: `bash: ${resultOf(request, 'bash')}; read: ${resultOf(request, 'read')}` };
          },
        }),
      });
      const chat = await house.client.newChat();
      const feed = chat.feed();
      const file = await send(house, chat, 'Q3 (final).csv', utf8('a,b\n1,2\n'));
      await say(house, chat, [file], 'Have it added up.');
      const { subagent } = await feed.first('subagent.ended');
      expect(subagent.result).toMatch(/^bash: a,b\n1,2\n?; read: +1\ta,b\n +2\t1,2$/);
      const tmp = join(house.data, 'tmp', chat.id);
      expect(readdirSync(join(tmp, 'files'))).toEqual(['Q3-final.csv']);
      await feed.first('announcement.read');
      expect((await house.client.remove(chat.path())).status).toBe(200);
      expect(lstatSync(tmp, { throwIfNoEntry: false })).toBeUndefined();
    },
  );

  testWithProcesses('are there again after a kill -9, though their folder is gone', async () => {
    const house = await openProcessHouse({
      script: cast({
        main: (request) =>
          request.answers === 0
            ? { gate: 'go', toolCalls: [bash('cat $TMPDIR/files/notes.md')] }
            : { text: `It says ${resultOf(request, 'bash')}` },
      }),
    });
    const chat = await house.client.newChat();
    const notes = await send(house, chat, 'notes.md', utf8('hello'));
    await say(house, chat, [notes], 'What does it say?');
    await house.simulator.until(() => house.simulator.waiting('go') === 1);
    await house.gateway.end('SIGKILL');
    rmSync(join(house.data, 'tmp'), { recursive: true });
    house.simulator.open('go');
    await house.start();
    const feed = chat.feed();
    await feed.first('message', ({ message }) => message.text === 'It says hello');
  });
});
