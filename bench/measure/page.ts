/** The page in a real browser: its size, when it shows something, and whether it goes on drawing while much happens. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { drawnAfter, type Eye, meterWork, openEye, watchFrames } from '../browser.ts';
import { sleep } from '../clock.ts';
import { type Figure, figure } from '../figures.ts';
import { manyMessages } from '../folders.ts';
import { driven, type Gateway } from '../gateway.ts';
import { followChat, send } from '../gateway-chat.ts';
import type { Ground } from '../ground.ts';
import { median, quantile, worst } from '../samples.ts';

const assets = join(import.meta.dirname, '..', '..', 'dist', 'web', 'assets');
/** 60 kB, in KiB. */
const MOST_SCRIPT_KIB = 60_000 / 1_024;
/** A frame that takes longer is seen as a stutter. */
const LONG_FRAME_MS = 50;
const STEERS = 20;
/** Subagents that one answer spawns. */
const AT_ONCE = 100;
const message = '.message';
const treeRow = '[role=treeitem]';

export async function page(ground: Ground): Promise<Figure[]> {
  if (!existsSync(assets)) throw new Error('The page is not built: npm run build:web.');
  const eye = await openEye();
  try {
    return [
      script(),
      ...(await opening(ground, eye)),
      ...(await reporting(ground, eye)),
      ...(await board(ground, eye)),
      ...(await history(ground, eye)),
    ];
  } finally {
    await eye.close();
  }
}

function script(): Figure {
  const files = readdirSync(assets).filter((name) => name.endsWith('.js'));
  const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
  return figure({
    id: 'page.script',
    name: 'the page: its script, compressed',
    unit: 'KiB',
    value: bytes / 1_024,
    samples: 1,
    aim: { kind: 'at most', value: MOST_SCRIPT_KIB },
  });
}

/** A short chat, with an empty cache and with a full one, beside the gateway's plainest page. */
async function opening({ gateway, sizes }: Ground, eye: Eye): Promise<Figure[]> {
  const chat = await newChat(gateway);
  await chat.talk.series(1, { chars: 200 });
  const times = {
    cold: [] as number[],
    warm: [] as number[],
    bareCold: [] as number[],
    bareWarm: [] as number[],
  };
  for (let round = 0; round < sizes.page.opens; round++) {
    const profile = await eye.profile(gateway.door);
    const tab = await profile.newPage();
    times.bareCold.push(await drawnAfter(tab, '/docs'));
    times.cold.push(await drawnAfter(tab, `/#/${chat.id}`, message));
    times.bareWarm.push(await drawnAfter(tab, '/docs'));
    times.warm.push(await drawnAfter(tab, `/#/${chat.id}`, message));
    await profile.close();
  }
  chat.talk.close();
  return (
    [
      ['cold', 'nothing cached', times.cold, times.bareCold],
      ['warm', 'cached', times.warm, times.bareWarm],
    ] as const
  ).map(([id, how, own, bare]) =>
    figure({
      id: `page.${id}`,
      name: `the page: navigation → first message drawn, ${how}`,
      unit: 'ms',
      value: median(own),
      floor: median(bare),
      beside: 'bare HTML page',
      samples: own.length,
      aim: { kind: 'at most', value: 1_000 },
    }),
  );
}

/** Many subagents in one chat: until the tree stands, and what it costs when one of them has news. */
async function board({ gateway, model, sizes, name }: Ground, eye: Eye): Promise<Figure[]> {
  const gate = name();
  const n = sizes.page.board;
  const chat = await newChat(gateway);
  const mark = await model.mark();
  // Not all at once: who reads the feed is cut off if too much waits for them.
  for (let left = n; left > 0; left -= AT_ONCE) {
    const some = Math.min(AT_ONCE, left);
    await chat.talk.series(1, { chars: 40, spawn: { n: some, task: { work: true, chars: 40, gate } } });
  }
  await model.held(gate, n);
  const profile = await eye.profile(gateway.door);
  const opens: number[] = [];
  const tab = await profile.newPage();
  for (let round = 0; round < Math.min(3, sizes.page.opens); round++) {
    opens.push(await drawnAfter(tab, `/#/${chat.id}`, treeRow));
  }
  await sleep(1_000);
  const label = await tab.locator(`${treeRow} b`).first().textContent();
  const worked = await meterWork(tab);
  for (let steer = 0; steer < STEERS; steer++) {
    await send(gateway.door, 'POST', `/v1/chats/${chat.id}/subagents/${label}/steer`, {
      message: `Steer ${steer}.`,
    });
    await sleep(50);
  }
  const cost = await worked();
  await profile.close();
  await model.open(gate);
  await model.read(mark, n);
  chat.talk.close();
  const many = n.toLocaleString('en');
  return [
    figure({
      id: 'page.board',
      name: `the page: navigation → tree of ${many} subagents drawn`,
      unit: 'ms',
      value: median(opens),
      samples: opens.length,
      aim: { kind: 'at most', value: 2_000 },
    }),
    figure({
      id: 'page.update',
      name: `the page's work for the news of one of ${many}, its clock's included`,
      unit: 'ms CPU',
      value: cost / STEERS,
      samples: STEERS,
      aim: { kind: 'at most', value: LONG_FRAME_MS / 2 },
    }),
  ];
}

/** Frames while many subagents stream at once, with the tree in sight. */
async function reporting({ gateway, model, sizes }: Ground, eye: Eye): Promise<Figure[]> {
  const { reporting: n, reportMs } = sizes.page;
  const chat = await newChat(gateway);
  const profile = await eye.profile(gateway.door);
  const tab = await profile.newPage();
  await drawnAfter(tab, `/#/${chat.id}`, '.composer');
  const mark = await model.mark();
  const task = {
    work: true,
    chars: Math.ceil((reportMs / 1_000 + 4) * 80 * 4),
    tokensPerSecond: 80,
    chunk: 8,
  } as const;
  await chat.talk.series(1, { chars: 40, spawn: { n, task } });
  await tab.locator(treeRow).first().waitFor();
  await sleep(500);
  const { gaps, longestTask } = await watchFrames(tab, reportMs);
  await profile.close();
  await model.read(mark, n);
  chat.talk.close();
  return [
    figure({
      id: 'page.task',
      name: `the page: longest task while ${n} subagents report (0: none over 50 ms)`,
      unit: 'ms',
      value: longestTask,
      samples: gaps.length,
      aim: { kind: 'at most', value: LONG_FRAME_MS },
    }),
    figure({
      id: 'page.frame',
      name: 'the page: longest frame meanwhile',
      unit: 'ms',
      value: worst(gaps),
      samples: gaps.length,
      aim: { kind: 'at most', value: LONG_FRAME_MS },
    }),
  ];
}

/** A chat with a long history: opened at its end, then scrolled back as fast as frames come. */
async function history(ground: Ground, eye: Eye): Promise<Figure[]> {
  const { sizes } = ground;
  const { messages, opens: rounds, reportMs } = sizes.page;
  const folder = ground.folder();
  const chat = await manyMessages(folder, messages);
  const gateway = await ground.freshGateway(folder);
  try {
    const profile = await eye.profile(gateway.door);
    const tab = await profile.newPage();
    await drawnAfter(tab, '/docs');
    await sleep(500);
    const opens: number[] = [];
    for (let round = 0; round < Math.min(3, rounds); round++)
      opens.push(await drawnAfter(tab, `/#/${chat}`, message));
    await sleep(500);
    const { gaps, longestTask } = await watchFrames(tab, reportMs * 2, { selector: '.transcript', by: 600 });
    const loaded = await tab.locator(message).count();
    await profile.close();
    const many = messages.toLocaleString('en');
    return [
      figure({
        id: 'page.long',
        name: `the page: navigation → last of ${many} messages drawn`,
        unit: 'ms',
        value: median(opens),
        samples: opens.length,
        aim: { kind: 'at most', value: 1_000 },
      }),
      figure({
        id: 'page.scroll',
        name: `scrolling back through ${loaded.toLocaleString('en')} of them: frames, p95`,
        unit: 'ms',
        value: quantile(gaps, 0.95),
        samples: gaps.length,
        aim: { kind: 'at most', value: LONG_FRAME_MS },
      }),
      figure({
        id: 'page.scroll-task',
        name: 'the longest task of that (0: none over 50 ms)',
        unit: 'ms',
        value: longestTask,
        samples: gaps.length,
      }),
    ];
  } finally {
    await gateway.stop();
  }
}

const chatSchema = z.object({ chat: z.object({ id: z.string() }) });

/** A new chat, and who talks in it. */
async function newChat({ door }: Gateway) {
  const { id } = chatSchema.parse(JSON.parse(await send(door, 'POST', '/v1/chats', {}))).chat;
  return { id, talk: driven(await followChat(door, id)) };
}
