/** The routes that say what this is and how it fares: they tell nothing of any chat, and all but the figures are open. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { html } from 'hono/html';
import { z } from 'zod';
import { metricsType } from '../runtime/metrics.ts';
import { aboutAnswer, healthAnswer, readyAnswer } from './answers.ts';
import { docsPage, page, pageStyle } from './docs-page.ts';
import { type OpenApi, simulatorWords } from './openapi.ts';
import { pageIndex } from './page.ts';
import type { AppPorts } from './ports.ts';
import { problem } from './problem.ts';
import { get, json, type Route } from './route.ts';

/** Probes and browsers may add what they like. */
const anyQuery = z.object({});

const description = 'A chat-agent gateway with push-based subagents.';

/** @param api the description of all routes, these among them: made when it is first asked for */
export function serviceRoutes(ports: AppPorts, api: () => OpenApi): Route[] {
  const { about } = ports;
  const notice = about.simulator ? simulatorWords : undefined;

  const root = get({
    name: 'about',
    path: '/',
    summary: 'Says what this is, as JSON; browsers get the chat page.',
    scope: 'open',
    query: anyQuery,
    answers: {
      200: [
        { description: 'What this is.', schema: aboutAnswer },
        { description: 'The chat page.', media: 'text/html' },
      ],
    },
    problems: [],
    async handle({ c }) {
      if (!c.req.header('accept')?.includes('text/html')) {
        return json(aboutAnswer, 200, {
          name: 'tidings',
          version: about.version,
          description: notice === undefined ? description : `${description} ${notice}`,
          simulator: about.simulator,
          model: about.model,
          documentation: '/docs',
          openapi: '/openapi.json',
        });
      }
      const built = await pageIndex(ports.page);
      if (built) return built;
      return htmlResponse(
        await page(
          'Tidings',
          notice,
          html`<h1>Tidings ${about.version}</h1>
<p>${description} You talk to one assistant; it hands long work to labelled subagents and goes on talking; their news comes back by itself.</p>
<p>Chats use ${about.model} unless they say otherwise.</p>
<p>The chat page was not built: <code>npm run build:web</code> does it, and then it is here.</p>
<p><a href="/docs">The API</a>, and the same for programs: <a href="/openapi.json">openapi.json</a>. Calls under <code>/v1</code> need a token; whoever keeps the gateway has the admin token, and makes others with it (<code>POST /v1/tokens</code>).</p>`,
        ),
      );
    },
  });

  const alive = get({
    name: 'healthz',
    path: '/healthz',
    summary: 'Says that the process is alive.',
    scope: 'open',
    query: anyQuery,
    answers: { 200: { description: 'Alive.', schema: healthAnswer } },
    problems: [],
    handle: () => json(healthAnswer, 200, { status: 'alive' }),
  });

  const ready = get({
    name: 'readyz',
    path: '/readyz',
    summary: 'Says whether the store is open and the loop running.',
    scope: 'open',
    query: anyQuery,
    answers: { 200: { description: 'Ready.', schema: readyAnswer } },
    problems: ['unavailable'],
    handle: () =>
      ports.ready()
        ? json(readyAnswer, 200, { status: 'ready' })
        : problem('unavailable', 'The gateway is starting or stopping.', { headers: { 'retry-after': '1' } }),
  });

  const openapi = get({
    name: 'openapi',
    path: '/openapi.json',
    summary: 'The description of this API (OpenAPI 3.1).',
    scope: 'open',
    query: anyQuery,
    answers: { 200: { description: 'The description.', media: 'application/json' } },
    problems: [],
    handle: () => ({ reply: 'json', status: 200, body: api() }),
  });

  const docs = get({
    name: 'docs',
    path: '/docs',
    summary: 'The description of this API as a page.',
    scope: 'open',
    query: anyQuery,
    answers: { 200: { description: 'The page.', media: 'text/html' } },
    problems: [],
    handle: async () => htmlResponse(await docsPage(api(), notice)),
  });

  const { figures } = ports;
  const metrics = (text: () => string) =>
    get({
      name: 'metrics',
      path: '/metrics',
      scope: 'read',
      summary: 'What is counted of this gateway, for Prometheus.',
      details:
        'Text format 0.0.4. Counters count from the start of this process. It tells of no chat, but of how much is used and spent, so it needs a token.',
      query: z.strictObject({}),
      answers: { 200: { description: 'The figures.', media: 'text/plain' } },
      problems: [],
      handle: () => new Response(text(), { headers: { 'content-type': metricsType } }),
    });

  return [root, alive, ready, ...(figures ? [metrics(figures)] : []), openapi, docs];
}

/** The one style that a page may have is named by its hash. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${btoa(String.fromCharCode(...sha256(utf8ToBytes(pageStyle))))}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function htmlResponse(text: { toString(): string }): Response {
  return new Response(text.toString(), {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
  });
}
