/**
 * A real browser on a gateway's page, and what it says of its frames. Owns the browser's life; what is measured with it
 * is in `measure/page.ts`.
 */
import { existsSync } from 'node:fs';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Door } from './gateway-chat.ts';

export interface Eye {
  /** A profile of its own, signed in: nothing is cached in it. */
  profile(door: Door): Promise<BrowserContext>;
  close(): Promise<void>;
}

export async function openEye(): Promise<Eye> {
  const path = [process.env.TIDINGS_TEST_CHROMIUM ?? '', '/usr/bin/chromium'].find(
    (one) => one !== '' && existsSync(one),
  );
  if (path === undefined)
    throw new Error('There is no browser at /usr/bin/chromium: set TIDINGS_TEST_CHROMIUM.');
  const browser = await chromium.launch({
    executablePath: path,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return {
    async profile({ port, token }) {
      const context = await browser.newContext({
        baseURL: `http://127.0.0.1:${port}`,
        viewport: { width: 1400, height: 900 },
      });
      const answer = await context.request.post('/session', { data: { token } });
      if (!answer.ok()) throw new Error(`The gateway let no browser in: ${await answer.text()}`);
      return context;
    },
    close: () => browser.close(),
  };
}

/** Milliseconds from the start of a navigation until what `selector` names has been drawn; without one: anything. */
export async function drawnAfter(page: Page, path: string, selector?: string): Promise<number> {
  await page.goto('about:blank');
  await page.goto(path, { waitUntil: 'commit' });
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
          if (wanted === undefined) {
            if (paint !== undefined) return resolve(paint);
          } else if (document.querySelector(wanted)) {
            // Drawn with this frame, on the screen before the next.
            requestAnimationFrame(() => resolve(performance.now()));
            return;
          }
          requestAnimationFrame(look);
        };
        look();
      }),
    selector,
  );
}

export interface Frames {
  /** Milliseconds between one frame and the next. */
  readonly gaps: readonly number[];
  /** The longest time in which the page could draw nothing, since it was at work. */
  readonly longestTask: number;
}

/** Watches the frames for a while. @param scroll pixels that a list is scrolled up with each frame */
export function watchFrames(
  page: Page,
  ms: number,
  scroll?: { readonly selector: string; readonly by: number },
): Promise<Frames> {
  return page.evaluate(
    ({ ms, scroll }) =>
      new Promise<Frames>((resolve) => {
        const gaps: number[] = [];
        let longestTask = 0;
        const observer = new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, duration);
        });
        observer.observe({ type: 'longtask' });
        const from = performance.now();
        let last = from;
        const frame = (now: number): void => {
          gaps.push(Math.max(0, now - last));
          last = now;
          const box = scroll && document.querySelector(scroll.selector);
          if (box && scroll) box.scrollTop -= scroll.by;
          if (now - from < ms) requestAnimationFrame(frame);
          else {
            observer.disconnect();
            resolve({ gaps: gaps.slice(1), longestTask });
          }
        };
        requestAnimationFrame(frame);
      }),
    { ms, ...(scroll === undefined ? {} : { scroll }) },
  );
}

/** Tells how many milliseconds the page's main thread was at work since this was called. */
export async function meterWork(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const read = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000;
  };
  const from = await read();
  return async () => (await read()) - from;
}
