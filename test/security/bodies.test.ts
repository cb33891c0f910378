/** Nobody's body is read before its token is: who has none can't fill the memory. */
import { expect, test } from 'vitest';
import { openHouse } from '../e2e/harness.ts';
import { raw } from '../http/raw.ts';
import { bearer, openDeskDoor } from './desk.ts';

test('a large body without a token is refused before any of it was sent, and the connection is closed', async () => {
  const house = await openHouse();
  const chat = await house.client.newChat();
  for (const size of [
    'Content-Length: 10000000000',
    'Content-Length: 1000000',
    'Transfer-Encoding: chunked',
  ]) {
    for (const token of [
      [],
      ['Authorization: Bearer wrong'],
      [`Authorization: Bearer tid_${'x'.repeat(32)}`],
    ]) {
      const head = [
        `POST ${chat.path('/messages')} HTTP/1.1`,
        `Host: ${new URL(house.url).host}`,
        ...token,
        'Content-Type: application/json',
        size,
      ];
      const answer = await raw(house.url, [`${head.join('\r\n')}\r\n\r\n`]);
      expect(answer, size).toMatch(/^HTTP\/1\.1 401 /);
      expect(answer).toMatch(/connection: close/i);
    }
  }
});

test('a body is not touched for whoever may not send it', async () => {
  const door = openDeskDoor();
  const reader = bearer(door.desk.give('reader', ['read'], 'admin'));
  const stranger = bearer(door.desk.give('stranger', ['chat']));
  const chat = await door.chat();
  for (const [headers, status] of [
    [{ authorization: '' }, 401],
    [bearer('wrong'), 401],
    [reader, 403],
    [stranger, 404],
  ] as const) {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(65_536));
        },
      },
      { highWaterMark: 0 },
    );
    const init = {
      method: 'POST',
      headers: { host: '127.0.0.1:8787', 'content-type': 'application/json', ...headers },
      body,
      duplex: 'half',
    };
    const request = new Request(`http://x/v1/chats/${chat}/messages`, init);
    expect((await door.app.request(request)).status).toBe(status);
    expect(pulled).toBe(0);
  }
});
