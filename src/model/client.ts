/**
 * The Messages API as the `Model` port: one request, one streamed answer, through the official SDK. Owns the connection
 * for as long as a call lasts, and knows when a stream has gone silent. It never retries, and stores nothing.
 */
import type { Anthropic } from '@anthropic-ai/sdk/client';
import type { CallOutcome, Clock, Model, ModelRequest, Usage } from '../core/ports.ts';
import { type Answer, makeAnswer } from './answer.ts';
import type { Catalogue } from './catalogue.ts';
import { causeOf, failureInStream, failureOf } from './failure.ts';
import { isObject, parseJson } from './json.ts';
import { type BilledTokens, usdOf } from './price.ts';
import { type EventReader, readEvents } from './server-sent-events.ts';

export interface ModelOptions {
  /** Without key and token no credentials are sent; what stands behind `baseURL` may not want any. */
  readonly apiKey?: string;
  readonly authToken?: string;
  /** Default: the API's own. The environment is not read. */
  readonly baseURL?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** Milliseconds without a byte after which a call is given up as stalled; default two minutes. */
  readonly stallMs?: number;
}

const path = '/v1/messages';
/** Reading the SDK is put off by this much, unless a call comes before. */
const loadMs = 250;
const defaultStallMs = 120_000;
/** What a server is given to close a stream whose answer is complete, so that its connection can serve again. */
const closingMs = 2_000;

/**
 * The model behind the API. Throws at once if key, token or base URL can't be used in a request.
 * Its calls reject with an `AbortError` when their signal aborts, and only then.
 */
export function makeModel(options: ModelOptions): Model {
  const stallMs = options.stallMs ?? defaultStallMs;
  const settings = sdkSettings(options, stallMs);
  let sdk: Promise<Anthropic> | undefined;
  // Reading the SDK takes a tenth of a second, which a gateway that is starting has better uses for.
  const ready = () => {
    cancelLoad();
    sdk ??= import('@anthropic-ai/sdk/client').then((module) => new module.Anthropic(settings));
    return sdk;
  };
  const cancelLoad = options.clock.after(loadMs, () => void ready());

  return {
    call: async (request, listener) => {
      const { signal } = listener;
      if (signal.aborted) throw aborted();
      const controller = new AbortController();
      const abort = () => controller.abort();
      signal.addEventListener('abort', abort, { once: true });
      let stalled = false;
      const silence = watchForSilence(options.clock, stallMs, () => {
        stalled = true;
        controller.abort();
      });
      const alive = () => {
        silence.broken();
        listener.onAlive();
      };
      try {
        const outcome = await ask(await ready(), request, {
          controller,
          alive,
          onText: listener.onText,
          onBreak: listener.onBreak,
          onBilled: listener.onBilled,
          options,
        });
        if (outcome.kind === 'answered') return outcome;
        // Whatever an aborted request looks like from the inside, this is what happened to it.
        if (signal.aborted) throw aborted();
        return stalled ? stall(stallMs) : outcome;
      } finally {
        silence.stop();
        signal.removeEventListener('abort', abort);
      }
    },
  };
}

interface Call {
  /** Ends the request, wherever it is. */
  readonly controller: AbortController;
  readonly alive: () => void;
  readonly onText: (delta: string) => void;
  readonly onBreak: (() => void) | undefined;
  readonly onBilled: (usage?: Usage) => void;
  readonly options: ModelOptions;
}

async function ask(sdk: Anthropic, request: ModelRequest, call: Call): Promise<CallOutcome> {
  const { controller, options } = call;
  const now = () => options.clock.now();
  let response: Response;
  try {
    // Not `messages.create`: it would walk through all messages, and print warnings about models to the terminal.
    response = await sdk
      .post(path, { body: { ...request, stream: true }, stream: true, signal: controller.signal })
      .asResponse();
  } catch (error) {
    return failureOf(error, now());
  }
  call.alive();
  const kind = response.headers.get('content-type') ?? '';
  if (response.body === null || (kind !== '' && !kind.includes('event-stream'))) {
    controller.abort();
    const what = response.body === null ? 'nothing' : kind;
    return { kind: 'again', why: 'server', message: `The Messages API sent ${what} where a stream was due.` };
  }

  call.onBilled();
  const events = readEvents(response.body, call.alive);
  const answer = makeAnswer(call.onText, call.onBreak);
  const billed = (): void => {
    if (answer.billed) call.onBilled(usageOf(answer.billed, request.model, options.catalogue));
  };
  let failure: CallOutcome | undefined;
  try {
    failure = await readAnswer(events, answer, billed, now);
  } catch (error) {
    failure = { kind: 'again', why: 'cut', message: `The answer broke off: ${causeOf(error)}.` };
  }
  if (failure === undefined) {
    const finished = answer.finish();
    if (finished.kind === 'whole') {
      letClose(events, controller, options.clock);
      const { content, stop, category, tokens } = finished;
      const usage = usageOf(tokens, request.model, options.catalogue);
      return { kind: 'answered', content, stop, ...(category !== undefined && { category }), usage };
    }
    failure = { kind: 'again', why: 'cut', message: finished.message };
  }
  controller.abort();
  return failure;
}

/** Reads up to the answer's end, or the stream's; what it returns is an error that the stream itself reported. */
async function readAnswer(
  events: EventReader,
  answer: Answer,
  billed: () => void,
  now: () => number,
): Promise<CallOutcome | undefined> {
  for (;;) {
    const next = await events.next();
    if (next === undefined) return undefined;
    const { event: name, data } = next;
    const event = parseJson(data);
    if (name === 'error' || (isObject(event) && event.type === 'error'))
      return failureInStream(isObject(event) ? event : undefined, now());
    if (isObject(event)) {
      const ended = answer.take(event);
      if (event.type === 'message_start' || event.type === 'message_delta') billed();
      if (ended) return undefined;
    } else if (name !== undefined && ownEvents.has(name)) {
      return { kind: 'again', why: 'cut', message: `The answer came damaged: ${name} is not JSON.` };
    }
  }
}

/** Events that an answer can't do without; any other may come and say what it likes. */
const ownEvents: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
]);

/** Reads what is left of a stream behind its last event. */
function letClose(events: EventReader, controller: AbortController, clock: Clock): void {
  const cancel = clock.after(closingMs, () => controller.abort());
  const drain = async () => {
    while ((await events.next()) !== undefined);
  };
  drain()
    .catch(() => undefined)
    .finally(cancel);
}

/** Calls `fire` once when `ms` have passed since the last sound. */
function watchForSilence(clock: Clock, ms: number, fire: () => void) {
  let last = clock.monotonic();
  const look = () => {
    const silent = clock.monotonic() - last;
    if (silent >= ms) fire();
    else cancel = clock.after(ms - silent, look);
  };
  let cancel = clock.after(ms, look);
  return {
    // Only the time is noted: a timer for each piece of an answer would cost more than reading it.
    broken: () => {
      last = clock.monotonic();
    },
    stop: () => cancel(),
  };
}

function usageOf(tokens: BilledTokens, id: string, catalogue: Catalogue) {
  const model = catalogue.resolve(id);
  return {
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cacheReadTokens: tokens.cacheRead,
    cacheWriteTokens: tokens.cacheWrite5m + tokens.cacheWrite1h,
    usd: 'unknown' in model ? 0 : usdOf(model, tokens),
  };
}

function stall(ms: number): CallOutcome {
  const message = `Nothing came from the Messages API for ${ms / 1000} seconds.`;
  return { kind: 'again', why: 'stalled', message };
}

function aborted(): DOMException {
  return new DOMException('The model call was aborted.', 'AbortError');
}

function sdkSettings(options: ModelOptions, stallMs: number) {
  const { apiKey, authToken, baseURL, fetch } = options;
  for (const [name, secret] of [
    ['API key', apiKey],
    ['auth token', authToken],
  ])
    if (secret !== undefined && !/^[\x21-\x7e]+$/.test(secret))
      throw new Error(`The ${name} holds a space or a character that can't stand in an HTTP header.`);
  if (baseURL !== undefined && !/^https?:$/.test(URL.parse(baseURL)?.protocol ?? ''))
    throw new Error(
      `The base URL of the Messages API must begin with http:// or https://, not "${baseURL}".`,
    );
  return {
    // All that the SDK would otherwise look for in the environment is said here, so that the settings in force are
    // those that the gateway shows. It takes one credential only, and prefers the key as well.
    ...(apiKey !== undefined || authToken === undefined
      ? { apiKey: apiKey ?? 'none', authToken: null }
      : { apiKey: null, authToken }),
    ...(apiKey === undefined && authToken === undefined && { defaultHeaders: { Authorization: null } }),
    baseURL: baseURL ?? null,
    ...(fetch !== undefined && { fetch }),
    maxRetries: 0,
    // Silence ends a call before this does.
    timeout: stallMs + 600_000,
    openTelemetry: false as const,
  };
}
