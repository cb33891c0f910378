/**
 * What happens to a request for an answer: checked against the rules, shown to the script, answered or spoilt.
 * Knows nothing of routes and sockets.
 */
import { answerTo } from './answer.ts';
import { billOf } from './bills.ts';
import { deliverStream, pause } from './delivery.ts';
import type { Exchange } from './exchange.ts';
import type { Gates } from './gates.ts';
import type { Play, Player } from './player.ts';
import type { PromptCache } from './prompt-cache.ts';
import { type Fields, isFields, type ParsedRequest, readRequest } from './request.ts';
import { estimateTokens } from './rules/envelope.ts';
import { check } from './rules.ts';
import type { Reply } from './script.ts';
import { messageBody, streamEvents } from './stream-events.ts';

/** The largest body that the API reads. */
const mostBytes = 32 * 1024 * 1024;
const usualChunk = 32;

type Spoken = Extract<Play, { kind: 'reply' }>;

export interface MessagesEndpoint {
  /** `POST /v1/messages`. Rejects with what the script or the hook threw. */
  answer(exchange: Exchange): Promise<void>;
  /** `POST /v1/messages/count_tokens`. */
  countTokens(exchange: Exchange): Promise<void>;
}

export function createMessagesEndpoint(parts: {
  readonly strict: boolean;
  readonly apiKey: string | undefined;
  readonly onRequest: ((request: ParsedRequest) => void | Promise<void>) | undefined;
  readonly player: Player;
  readonly gates: Gates;
  readonly cache: PromptCache;
  readonly nextId: () => string;
  /** Called as streams proceed. */
  readonly changed: () => void;
}): MessagesEndpoint {
  /** The body as an object, or undefined after the request was refused. */
  async function accept(exchange: Exchange, missing: Fields): Promise<Fields | undefined> {
    const read = await exchange.read(mostBytes);
    if (read === undefined || exchange.presence.left) return undefined;
    const { text, bytes } = read;
    const { record, given } = exchange;
    let body: unknown = text;
    try {
      body = JSON.parse(text);
    } catch {
      // What is wrong with the text is for the rule about JSON to say.
    }
    record.body = body;
    const { apiKey } = parts;
    if (apiKey !== undefined && given['x-api-key'] !== apiKey && given.authorization !== `Bearer ${apiKey}`) {
      exchange.refuse({ status: 401, type: 'authentication_error', message: 'invalid x-api-key' });
      return undefined;
    }
    if (parts.strict) {
      record.violations = check({
        headers: given,
        body: isFields(body) ? { ...missing, ...body } : text,
        bytes,
      });
      const first = record.violations[0];
      if (first !== undefined) {
        exchange.refuse(first);
        return undefined;
      }
    }
    if (isFields(body)) return body;
    exchange.refuse({
      status: 400,
      type: 'invalid_request_error',
      message: 'The request body is not a JSON object',
    });
    return undefined;
  }

  async function speak(exchange: Exchange, request: ParsedRequest, play: Spoken): Promise<void> {
    const { reply, disturbance } = play;
    const { record, presence } = exchange;
    const said = answerTo(request, reply, parts.nextId);
    const usage = parts.cache.account(request.body);
    record.stop = said.stop;
    if (!request.stream) {
      if (reply.tokensPerSecond !== undefined)
        await pause((said.outputTokens / reply.tokensPerSecond) * 1000, presence);
      if (presence.left) return;
      record.bill = {
        ...billOf(said.model, usage, said.outputTokens),
        whole: disturbance?.end === undefined,
      };
      if (disturbance?.end === undefined) exchange.json(messageBody(said, usage));
      else await spoilWhole(exchange, disturbance.end);
      return;
    }
    const gate = gateOf(reply);
    const ended = await deliverStream(
      exchange.response,
      streamEvents(said, usage, reply.chunk ?? usualChunk),
      {
        headers: {
          ...exchange.headers,
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache',
        },
        tokensPerSecond: reply.tokensPerSecond,
        gate: gate?.afterEvent === undefined ? undefined : { name: gate.name, afterEvent: gate.afterEvent },
        disturbance,
        gates: parts.gates,
        presence,
        onStart: () => {
          record.bill = billOf(said.model, usage, said.outputTokens);
          exchange.begin(200);
        },
        onEvents: (sent) => {
          record.events = sent;
          parts.changed();
        },
      },
    );
    if (record.bill) record.bill.whole = ended === 'whole';
    if (ended !== 'left') exchange.end(ended === 'whole' ? 'answered' : 'faulted');
  }

  return {
    async answer(exchange) {
      const body = await accept(exchange, {});
      if (body === undefined) return;
      const { record, presence } = exchange;
      const request = readRequest(body, { index: record.index, headers: record.headers });
      await parts.onRequest?.(request);
      const play = await parts.player.play(request);
      if (play.row !== undefined) record.row = play.row;
      if (play.reply.delayMs !== undefined) await pause(play.reply.delayMs, presence);
      const gate = gateOf(play.reply);
      if (gate !== undefined && gate.afterEvent === undefined)
        await parts.gates.pass(gate.name, presence.onLeave);
      if (presence.left) return;
      if (play.kind === 'error') exchange.spoil(play.fault);
      else await speak(exchange, request, play);
    },
    async countTokens(exchange) {
      // The rules expect an answer's limit, for which this call has no use.
      const body = await accept(exchange, { max_tokens: 1 });
      if (body !== undefined) exchange.json({ input_tokens: estimateTokens(body) });
    },
  };
}

/** What comes nearest to a stream's fault where nothing is streamed. */
async function spoilWhole(
  exchange: Exchange,
  end: NonNullable<NonNullable<Spoken['disturbance']>['end']>,
): Promise<void> {
  switch (end.kind) {
    case 'error': {
      const status = end.type === 'overloaded_error' ? 529 : 500;
      exchange.spoil({ status, type: end.type, message: end.message });
      return;
    }
    case 'stall':
      await new Promise<void>((resolve) => exchange.presence.onLeave(resolve));
      return;
    case 'cut':
    case 'unfinished':
      exchange.end('faulted');
      exchange.response.destroy();
  }
}

function gateOf(reply: Reply): { name: string; afterEvent?: number | undefined } | undefined {
  return typeof reply.gate === 'string' ? { name: reply.gate } : reply.gate;
}
