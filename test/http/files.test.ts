/** Files sent up, shown again and named by messages: what is taken, and what is refused in which words. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type FilePart, fileSchema } from '../../src/core/files.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import { StoreError } from '../../src/runtime/store-rules.ts';
import { type Door, HOST, openDoor, TOKEN } from './door.ts';
import { gif, heavyPng, joined, jpeg, pdf, png, utf8, webp } from './sample-files.ts';

const door = openDoor();
const problemShape = z.object({ detail: z.string(), errors: z.array(z.unknown()).optional() });

async function send(
  chat: string,
  name: string,
  bytes: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  more: { type?: string; id?: string; door?: Door; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const query = new URLSearchParams({ name, ...(more.id === undefined ? {} : { id: more.id }) });
  const response = await (more.door ?? door).app.request(`/v1/chats/${chat}/files?${query}`, {
    method: 'POST',
    headers: {
      host: HOST,
      authorization: `Bearer ${TOKEN}`,
      ...(more.type === undefined ? {} : { 'content-type': more.type }),
      ...more.headers,
    },
    body: bytes,
    ...(bytes instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

async function sent(chat: string, name: string, bytes: Uint8Array<ArrayBuffer>, id?: string) {
  const { status, body } = await send(chat, name, bytes, id === undefined ? {} : { id });
  expect([200, 201]).toContain(status);
  return z.object({ file: fileSchema }).parse(body).file;
}

async function refused(...asked: Parameters<typeof send>): Promise<string> {
  const { status, body } = await send(...asked);
  expect(status).toBe(422);
  return problemShape.parse(body).detail;
}

const shown = (chat: string, id: string): Promise<Response> =>
  door.request('GET', `/v1/chats/${chat}/files/${id}`);

describe('a file', () => {
  test.each([
    ['shot.png', png(30, 20), 'image/png', { width: 30, height: 20 }],
    ['moves.gif', gif(), 'image/gif', { width: 3, height: 1 }],
    ['photo.JPG', jpeg(), 'image/jpeg', { width: 4, height: 5 }],
    ['small.webp', webp(), 'image/webp', { width: 6, height: 7 }],
    ['paper.pdf', pdf(), 'application/pdf', {}],
    ['notes.md', utf8('# Notes\r\n\tüber 日本語 🎉'), 'text/plain', {}],
    ['drawing.svg', utf8('<svg onload="alert(1)"/>'), 'text/plain', {}],
  ])(
    'such as %s is known by its bytes, kept, and shown as it was sent',
    async (name, bytes, mediaType, size) => {
      const chat = await door.chat();
      const { status, body } = await send(chat, name, bytes);
      expect(status).toBe(201);
      expect(body).toEqual({
        file: { id: expect.stringMatching(/^file_\w{20}$/), name, mediaType, bytes: bytes.length, ...size },
      });
      const { file } = z.object({ file: fileSchema }).parse(body);
      const response = await shown(chat, file.id);
      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
    },
  );

  test('is shown as what it is and can neither run nor be taken for something else', async () => {
    const chat = await door.chat();
    const picture = await shown(chat, (await sent(chat, 'shot.png', png())).id);
    expect(Object.fromEntries(picture.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': `inline; filename="shot.png"; filename*=UTF-8''shot.png`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-length': String(png().length),
    });
    const page = await shown(
      chat,
      (await sent(chat, 'a "page" (1)*é.html', utf8('<script>alert(1)</script>'))).id,
    );
    expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(page.headers.get('content-disposition')).toBe(
      `attachment; filename="a _page_ (1)*_.html"; filename*=UTF-8''a%20%22page%22%20%281%29%2A%C3%A9.html`,
    );
    const paper = await shown(chat, (await sent(chat, 'paper.pdf', pdf())).id);
    expect(paper.headers.get('content-type')).toBe('application/pdf');
    expect(paper.headers.get('content-disposition')).toMatch(/^attachment;/);
  });

  test.each([
    ['its pages where they stand in the open', pdf(' <</Type /Page>>'), 2, 1],
    ['its pages where nothing says how many they are', utf8('%PDF-1.4 <</Type /Page>> %%EOF'), 1, 1],
    ['none for certain of which only a count is seen', utf8('%PDF-1.5 <</Count 90>> %%EOF'), 90, undefined],
  ])('that is a PDF is kept with %s', async (_, bytes, pages, certainPages) => {
    const chat = await door.chat();
    const { id } = await sent(chat, 'paper.pdf', bytes);
    const facts = door.store.files.facts(chat, id);
    expect([facts?.pages, facts?.certainPages]).toEqual([pages, certainPages]);
  });

  test('that is sent again is the same file, under another name another one', async () => {
    const chat = await door.chat();
    const first = await send(chat, 'a.png', png());
    const again = await send(chat, 'a.png', png());
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    const ids = [
      (await sent(chat, 'a.png', png())).id,
      (await sent(chat, 'b.png', png())).id,
      (await sent(chat, 'a.png', png(3, 3))).id,
    ];
    expect(new Set(ids).size).toBe(3);
  });

  test('is answered again under the same request id, which is good for no other file', async () => {
    const chat = await door.chat();
    const file = await sent(chat, 'a.png', png(), 'up');
    expect(await sent(chat, 'a.png', png(), 'up')).toEqual(file);
    for (const [name, bytes] of [
      ['b.png', png()],
      ['a.png', png(9, 9)],
    ] as const) {
      expect((await send(chat, name, bytes, { id: 'up' })).status).toBe(409);
    }
    expect((await send(chat, 'b.png', png(), { id: 'other' })).status).toBe(201);
  });

  test('of another chat is not there, whoever asks', async () => {
    const [mine, other] = [await door.chat(), await door.chat()];
    const file = await sent(other, 'a.png', png());
    expect((await shown(mine, file.id)).status).toBe(404);
    const said = await door.post(`/v1/chats/${mine}/messages`, { parts: [{ type: 'file', id: file.id }] });
    expect(said).toMatchObject({ status: 422, body: { errors: [{ path: 'parts.0.id' }] } });
    // Nor is its id the same for the same content.
    expect((await sent(mine, 'a.png', png())).id).not.toBe(file.id);
  });

  test('goes with its chat', async () => {
    const chat = await door.chat({ id: 'brief' });
    const file = await sent(chat, 'a.png', png());
    expect((await door.remove(`/v1/chats/${chat}`)).status).toBe(200);
    expect((await shown(chat, file.id)).status).toBe(404);
    expect((await send(chat, 'a.png', png())).status).toBe(404);
    expect(await door.chat({ id: 'brief' })).toBe(chat);
    expect((await shown(chat, file.id)).status).toBe(404);
  });

  test('goes after a day if no message names it, and stays if one does', async () => {
    const own = openDoor();
    const chat = await own.chat();
    const parse = async (name: string) =>
      z.object({ file: fileSchema }).parse((await send(chat, name, png(), { door: own })).body).file.id;
    const [named, loose] = [await parse('named.png'), await parse('loose.png')];
    await own.post(`/v1/chats/${chat}/messages`, { parts: [{ type: 'file', id: named }] });
    own.clock.advance(25 * 3_600_000);
    await parse('another.png');
    const status = async (id: string) => (await own.request('GET', `/v1/chats/${chat}/files/${id}`)).status;
    expect([await status(named), await status(loose)]).toEqual([200, 404]);
  });

  test('beyond the fiftieth that waits for a message is put off', async () => {
    const chat = await door.chat();
    const files = [];
    for (let n = 0; n < 50; n++) files.push(await sent(chat, `${n}.txt`, utf8(`${n}`)));
    expect(await send(chat, 'one-more.txt', utf8('x'))).toMatchObject({
      status: 429,
      body: { detail: expect.stringContaining('50 files of this chat wait') },
    });
    // One that is there already is no further one.
    expect((await send(chat, '7.txt', utf8('7'))).status).toBe(200);
    await door.post(`/v1/chats/${chat}/messages`, { parts: [{ type: 'file', id: files[0]?.id }] });
    expect((await send(chat, 'one-more.txt', utf8('x'))).status).toBe(201);
  });

  test('for which there is no room is refused, and nothing of it is kept', async () => {
    const store = memoryStore();
    const fullStore = {
      ...store,
      files: {
        ...store.files,
        put(): never {
          throw new StoreError('full', 'Nothing of the file was written: the disk is full.');
        },
      },
    };
    const own = openDoor({}, fullStore);
    const chat = await own.chat();
    expect((await send(chat, 'a.png', png(), { door: own })).status).toBe(507);
    expect((await own.get(`/v1/chats/${chat}`)).status).toBe(200);
  });
});

describe('refused in words is', () => {
  const nothing = 'The file is not an image (PNG, JPEG, GIF or WebP), a PDF or a text in UTF-8';

  test.each([
    ['nothing at all', 'a.txt', utf8(''), 'The file is empty.'],
    ['blanks', 'a.txt', utf8(' \n\t'), 'The file is a text without a word in it.'],
    ['a program', 'a.bin', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 1), nothing],
    ['an archive', 'a.zip', utf8('PK\x03\x04'), nothing],
    ['a text with control characters', 'a.txt', utf8('a\x1b[31mb'), nothing],
    ['a text that is no UTF-8', 'a.txt', Uint8Array.of(0x68, 0xe9), nothing],
    ['half a character', 'a.txt', utf8('é').slice(0, 1), nothing],
    ['a text too long for a model', 'a.txt', utf8('x'.repeat(400_001)), 'a text of 400001 characters'],
    [
      'a PNG that ends too early',
      'a.png',
      png(20, 20).slice(0, -13),
      'begins as an image, but ends too early',
    ],
    ['a PNG without a picture', 'a.png', joined(png().slice(0, 33), png().slice(-12)), 'ends too early'],
    ['the head of a PNG', 'a.png', png().slice(0, 30), 'ends too early'],
    ['a GIF that ends too early', 'a.gif', gif().slice(0, -1), 'ends too early'],
    ['a GIF that is a script', 'a.gif', utf8('GIF89a=1;alert(1)//'), 'ends too early, or is damaged'],
    ['a JPEG that ends too early', 'a.jpg', jpeg().slice(0, -1), 'ends too early'],
    ['a JPEG without a size', 'a.jpg', joined(jpeg().slice(0, 8), jpeg().slice(21)), 'ends too early'],
    ['a WebP that ends too early', 'a.webp', webp().slice(0, -1), 'ends too early'],
    ['a PDF that ends too early', 'a.pdf', pdf().slice(0, -8), 'begins as a PDF, but ends too early'],
    ['a PDF with a password', 'a.pdf', pdf('trailer <</Encrypt 9 0 R>>'), 'protected by a password'],
    [
      'a PDF of too many pages',
      'a.pdf',
      pdf('<</Type/Page>>'.repeat(601).replace('', '/Count 602 ')),
      '602 pages',
    ],
    ['an image of no size', 'a.png', png(2, 2, [0, 5]), 'an image of 0 × 5 pixels'],
    ['one that would unfold to gigabytes', 'a.png', png(2, 2, [65_500, 65_500]), 'up to 8000 on each side'],
    ['one that says it is larger than all', 'a.png', png(2, 2, [0xffffffff, 1]), '4294967295 × 1'],
    [
      'an image too heavy for a model',
      'a.png',
      heavyPng(3_932_161),
      'an image of 3.9 MB: the model takes up to 3.9 MB',
    ],
    ['a PDF named as an image', 'shot.png', pdf(), 'says .png by its name, but its bytes are a PDF'],
    [
      'a text named as an image',
      'shot.png',
      utf8('hello'),
      'says .png by its name, but its bytes are a text',
    ],
    [
      'a program named as an image',
      'shot.png',
      Uint8Array.of(0, 1, 2),
      'says .png by its name, but is no PNG',
    ],
    ['a PNG named as a JPEG', 'shot.jpeg', png(), 'says .jpeg by its name, but its bytes are a PNG'],
    ['an image named as a PDF', 'a.pdf', gif(), 'says .pdf by its name, but its bytes are a GIF'],
  ])('%s', async (_, name, bytes, words) => {
    const chat = await door.chat();
    expect(await refused(chat, name, bytes)).toContain(words);
    expect(door.store.files.loose(chat)).toBe(0);
  });

  test.each([
    ['image/png', pdf(), 'says image/png, but its bytes are a PDF'],
    ['image/png', Uint8Array.of(0, 1, 2), 'says image/png, but is no PNG'],
    ['image/heic', Uint8Array.of(0, 1, 2), 'says image/heic, but is not an image (PNG, JPEG, GIF or WebP)'],
    ['IMAGE/JPEG; q=1', png(), 'says image/jpeg, but its bytes are a PNG'],
    ['application/pdf', utf8('%PDF'), 'says application/pdf, but its bytes are a text'],
  ])('one that came as %s and is something else', async (type, bytes, words) => {
    expect(await refused(await door.chat(), 'x', bytes, { type })).toContain(words);
  });

  test('no file that came as nothing in particular, as a text, or as what it is', async () => {
    const chat = await door.chat();
    for (const type of ['application/octet-stream', 'text/plain', 'image/png', 'application/x-thing']) {
      expect((await send(chat, `${type.replace('/', ' ')}`, png(), { type })).status).toBe(201);
    }
    expect((await send(chat, 'photo', jpeg(), { type: 'image/jpg' })).status).toBe(201);
    expect((await send(chat, 'a.svg', utf8('<svg/>'), { type: 'image/svg+xml' })).status).toBe(201);
    // What follows its end makes it nothing else: it is shown as the image that it is.
    const polyglot = joined(jpeg(), utf8('<script>alert(1)</script>PK\x03\x04'));
    const file = await sent(chat, 'both.jpg', polyglot);
    expect((await shown(chat, file.id)).headers.get('content-type')).toBe('image/jpeg');
  });

  test.each([
    ['', 'must not be blank'],
    ['  ', 'must not be blank'],
    ['../../etc/passwd', 'must be a name, not a path'],
    ['C:\\windows\\a.png', 'must be a name, not a path'],
    ['..', 'must be a name, not a path'],
    ['a\u0000.png', 'holds the character U+0000 at position 1'],
    ['a\r\nx-evil: 1', 'holds the character U+000D at position 1'],
    ['gnp.\u202etxt', 'holds the character U+202E at position 4'],
    ['\ufeffa.png', 'holds the character U+FEFF at position 0'],
    ['a'.repeat(201), 'must be at most 200 characters, not 201'],
  ])('the name %j', async (name, words) => {
    expect(await refused(await door.chat(), name, png())).toContain(words);
  });

  test('a request without a name, or with a field that there is not', async () => {
    const chat = await door.chat();
    for (const query of ['', '?title=x', '?name=a.png&what=1', '?name=a&name=b']) {
      const response = await door.request('POST', `/v1/chats/${chat}/files${query}`, 'x');
      expect([query, response.status]).toEqual([query, 422]);
    }
  });

  test('more than 10 MiB, before it is read', async () => {
    const chat = await door.chat();
    const limit = 10 * 1024 * 1024;
    const told = await send(chat, 'a.pdf', pdf(), { headers: { 'content-length': String(limit + 1) } });
    expect(told).toMatchObject({ status: 413 });
    expect(told.headers.get('connection')).toBe('close');
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    expect((await send(chat, 'a.pdf', endless)).status).toBe(413);
    expect(given).toBeLessThan(limit + 10 * 65_536);
    const whole = joined(pdf(), utf8(' '.repeat(limit - pdf().length - 6)), utf8('%%EOF\n'));
    expect(whole.length).toBe(limit);
    expect((await send(chat, 'a.pdf', whole)).status).toBe(201);
    expect((await send(chat, 'a.pdf', joined(whole, utf8('\n')))).status).toBe(413);
  });

  test('one whose body breaks off', async () => {
    const chat = await door.chat();
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('gone')),
    });
    expect((await send(chat, 'a.png', broken)).status).toBe(400);
    expect(door.store.files.loose(chat)).toBe(0);
  });

  test('any rubbish, with a sentence and never with a failure', async () => {
    const chat = await door.chat();
    const heads = [png(), gif(), jpeg(), webp(), pdf()];
    for (let n = 0; n < 200; n++) {
      const head = heads[n % heads.length] ?? png();
      const bytes = joined(head.slice(0, n % head.length), Uint8Array.from(randomBytes(n)));
      const { status, body } = await send(chat, `${n}`, bytes);
      if (status !== 201 && status !== 429) expect([status, body]).toEqual([422, expect.anything()]);
    }
    expect(door.failures).toEqual([]);
  });
});

describe('a message', () => {
  const partsShape = z.object({
    message: z.object({ seq: z.number(), text: z.string(), parts: z.array(z.unknown()) }),
  });

  test('brings files and words, and shows them wherever it is read back', async () => {
    const chat = await door.chat();
    const shot = await sent(chat, 'shot <1>.png', png(30, 20));
    const paper = await sent(chat, 'paper.pdf', pdf());
    const parts = [
      { type: 'file', id: shot.id },
      { type: 'text', text: 'What is this?' },
      { type: 'file', id: paper.id },
    ];
    const said = await door.post(`/v1/chats/${chat}/messages`, { parts });
    expect(said.status).toBe(202);
    const expected: (FilePart | { type: 'text'; text: string })[] = [
      { type: 'file', ...shot },
      { type: 'text', text: 'What is this?' },
      { type: 'file', ...paper },
    ];
    const { message } = partsShape.parse(said.body);
    expect(message).toMatchObject({ text: 'What is this?', parts: expected });
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    const read = z
      .object({ messages: z.array(partsShape.shape.message.extend({ role: z.string() })) })
      .parse((await door.get(`/v1/chats/${chat}/messages`)).body);
    expect(read.messages[0]).toMatchObject({ role: 'user', parts: expected });
    expect(read.messages[1]?.text).toContain(
      'with "shot &lt;1>.png" (an image of 30 × 20, ' +
        `${shot.bytes} bytes), "paper.pdf" (a PDF, ${paper.bytes} bytes)]\nWhat is this?`,
    );
    const feed = await door.get(`/v1/chats/${chat}/events?after=0`, { accept: 'application/json' });
    expect(JSON.stringify(feed.body)).toContain(JSON.stringify({ type: 'file', ...shot }).slice(0, -1));
    const document = await (await door.request('GET', `/v1/chats/${chat}/export?format=markdown`)).text();
    expect(document).toContain('File `shot <1>.png`');
    expect(document).toContain('File `paper.pdf`');
  });

  test('may be a file alone, and gives no title then', async () => {
    const chat = await door.chat();
    const file = await sent(chat, 'a.png', png());
    const said = await door.post(`/v1/chats/${chat}/messages`, { parts: [{ type: 'file', id: file.id }] });
    expect(said).toMatchObject({ status: 202, body: { message: { text: '' } } });
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    expect(await door.get(`/v1/chats/${chat}`)).toMatchObject({ body: { chat: { title: '' } } });
    const document = await (await door.request('GET', `/v1/chats/${chat}/export?format=markdown`)).text();
    expect(document).toContain('File `a.png`');
    await door.post(`/v1/chats/${chat}/messages`, { text: 'A title' });
    expect(await door.get(`/v1/chats/${chat}`)).toMatchObject({ body: { chat: { title: 'A title' } } });
  });

  test.each([
    ['a file that is not there', [{ type: 'file', id: 'file_no' }], 'parts.0.id is no file of this chat'],
    ['a file without an id', [{ type: 'file' }], 'parts.0.id is missing'],
    ['a part of no kind', [{ type: 'image', id: 'x' }], 'parts.0'],
    ['a file with words of its own', [{ type: 'file', id: 'x', text: 'y' }], 'is not a field here'],
    ['a blank text', [{ type: 'text', text: ' ' }], 'parts must not be blank'],
    ['no part', [], 'must hold at least one part'],
    [
      'too many',
      Array.from({ length: 21 }, (_, n) => ({ type: 'file', id: `f${n}` })),
      'at most 20 files, not 21',
    ],
    [
      'one twice',
      [
        { type: 'file', id: 'f' },
        { type: 'file', id: 'f' },
      ],
      'name a file twice',
    ],
  ])('with %s is refused, and nothing is said', async (_, parts, words) => {
    const chat = await door.chat();
    const said = await door.post(`/v1/chats/${chat}/messages`, { parts });
    expect(said.status).toBe(422);
    expect(problemShape.parse(said.body).detail).toContain(words);
    expect(await door.get(`/v1/chats/${chat}/messages`)).toMatchObject({ body: { messages: [] } });
  });

  test('whose files are too large together is refused in words', async () => {
    const chat = await door.chat();
    const parts = [];
    for (const n of [1, 2, 3, 4, 5]) {
      const file = await sent(chat, `${n}.png`, heavyPng(3_900_000 + n));
      parts.push({ type: 'file', id: file.id });
    }
    const said = await door.post(`/v1/chats/${chat}/messages`, { parts });
    expect(said).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('too large together: one request takes 18.0 MB of files') },
    });
    expect((await door.post(`/v1/chats/${chat}/messages`, { parts: parts.slice(1) })).status).toBe(202);
  });

  test('with files waits while those before it are not read yet and fill a request', async () => {
    const chat = await door.chat();
    await door.post(`/v1/chats/${chat}/messages`, { text: 'hold:files' });
    const heavy = [];
    for (const n of [1, 2, 3]) heavy.push((await sent(chat, `${n}.png`, heavyPng(3_900_000 + n))).id);
    const say = (ids: readonly string[]) =>
      door.post(`/v1/chats/${chat}/messages`, { parts: ids.map((id) => ({ type: 'file', id })) });
    expect((await say(heavy)).status).toBe(202);
    expect(await say(heavy.slice(0, 2))).toMatchObject({
      status: 429,
      body: { detail: expect.stringContaining('the assistant has not read yet') },
    });
    expect((await door.post(`/v1/chats/${chat}/messages`, { text: 'words' })).status).toBe(202);
    door.model.release('files');
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    expect((await say(heavy.slice(0, 2))).status).toBe(202);
  });

  test('that comes again is answered again, also when its file was sent again meanwhile', async () => {
    const chat = await door.chat();
    const file = await sent(chat, 'a.png', png());
    const body = { parts: [{ type: 'file', id: file.id }], id: 'once' };
    const first = await door.post(`/v1/chats/${chat}/messages`, body);
    const again = await door.post(`/v1/chats/${chat}/messages`, body);
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body).toEqual(first.body);
  });
});
