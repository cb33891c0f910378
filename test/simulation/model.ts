/**
 * The scripted model: what the script plans is streamed through the real reading of answers, so that what is
 * kept of a cut or blank answer is decided by the code that decides it in earnest. Remembers every request.
 */

import type { Amount } from '../../src/core/amount.ts';
import type { Block, CallOutcome, Json, Model, ModelRequest, Usage } from '../../src/core/ports.ts';
import { openBehind, type ServerCall } from '../../src/core/server-calls.ts';
import { type Answer, makeAnswer } from '../../src/model/answer.ts';
import { billOf, worstOf } from './bill.ts';
import type { Job, Jobs } from './jobs.ts';
import type { ModelPlan, PlannedBlock, Script } from './script.ts';
import { signed } from './signature.ts';

/** A request that left the gateway. */
export interface Sent {
  /** `main`, or the task that the asking subagent was given. */
  readonly who: string;
  readonly request: ModelRequest;
  /** The life of the gateway that sent it. */
  readonly life: number;
  /** The day by the chat's log when it left. */
  readonly day: string;
  /** What it cost in truth: at worst, as long as nobody knows better. */
  cost: Amount;
  /** The figures that the gateway was told, as far as it was. */
  told?: Usage;
  /** Absent while it is out, and for ever if its gateway went down. */
  ended?: ModelPlan['kind'] | 'given up';
}

export interface ModelWorld {
  readonly sent: Sent[];
  /** Ids of tool calls that were cut, and must never run. */
  readonly cut: Set<string>;
  calls: number;
  /** The day as the chat's log has it. */
  readonly day: () => string;
}

export interface ModelPorts {
  readonly world: ModelWorld;
  readonly jobs: Jobs;
  readonly life: number;
  /** How many calls may be out at the same time. */
  readonly ceiling: number;
  readonly script: () => Script;
  readonly fault: (line: string) => void;
  readonly note: (line: () => string) => void;
}

type JsonObject = { readonly [key: string]: Json };

export function scriptedModel({ world, jobs, life, ceiling, script, fault, note }: ModelPorts): Model {
  let out = 0;
  return {
    call(request, { signal, onText, onAlive, onBilled }) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const who = whoAsks(request);
      const bill = billOf(request);
      const sent: Sent = { who, request, life, day: world.day(), cost: worstOf(bill) };
      const begin = (): void => {
        sent.told = bill.begun;
        onBilled();
        onBilled(bill.begun);
      };
      world.sent.push(sent);
      out += 1;
      if (out > ceiling) fault(`${out} model calls are out at the same time, and ${ceiling} may be`);
      note(() => `${who} asks: ${lastWords(request)}`);
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          jobs.remove(job);
          sent.ended = 'given up';
          out -= 1;
          note(() => `the answer for ${who} is given up`);
          reject(signal.reason);
        };
        const job: Job = {
          what: `answer for ${who}`,
          progress() {
            onAlive();
            begin();
            onText('Hm. ');
          },
          finish() {
            signal.removeEventListener('abort', abort);
            jobs.remove(job);
            out -= 1;
            const plan = script().answer({ who, request });
            sent.ended = plan.kind === 'answer' && plan.stop === 'refusal' ? 'refused' : plan.kind;
            if (plan.kind === 'broken') begin();
            if (plan.kind === 'again' && plan.why === 'cut') onBilled();
            const begun = sent.told !== undefined || plan.kind === 'broken';
            const lost = plan.kind === 'again' && (plan.why === 'cut' || plan.why === 'stalled');
            if (plan.kind === 'answer') {
              const { cached, length } = script().uses();
              const used = bill.answered(plan, cached, length);
              sent.told = used;
              sent.cost = { usd: used.usd, tokens: tokensOf(used) };
            } else if (!begun && !lost) sent.cost = { usd: 0, tokens: 0 };
            note(() => `${who} hears: ${planWords(plan)}`);
            onAlive();
            resolve(outcomeOf(plan, request, world, sent.told ?? bill.begun, onText));
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        jobs.add(job);
      });
    },
  };
}

function tokensOf(used: Usage): number {
  return used.inputTokens + used.outputTokens + used.cacheReadTokens + used.cacheWriteTokens;
}

/** A session by its first words: tasks in a simulated world are all different and begin with `task-`. */
export function whoAsks(request: ModelRequest): string {
  for (const { role, content } of request.messages) {
    const [block] = content;
    if (role !== 'user' || typeof block?.text !== 'string') continue;
    const task = /(?:^|Your task, word for word:\n)(task-\d+)/.exec(block.text);
    if (task?.[1] !== undefined) return task[1];
  }
  return 'main';
}

function lastWords(request: ModelRequest): string {
  const words: string[] = [];
  for (const { role, content } of request.messages.slice().reverse()) {
    if (role === 'assistant') break;
    for (const block of content) words.unshift(String(block.text ?? block.content ?? block.type));
  }
  return words.map((word) => word.replaceAll('\n', ' ').slice(0, 70)).join(' | ');
}

function planWords(plan: ModelPlan): string {
  switch (plan.kind) {
    case 'answer':
      return `${plan.stop}: ${plan.blocks.map(blockWords).join(', ')}`;
    case 'broken':
      return 'a stream that breaks off';
    case 'again':
      return `${plan.why}${plan.retryAfterMs === undefined ? '' : `, again after ${plan.retryAfterMs} ms`}`;
    case 'refused':
      return `refused as ${plan.why}`;
  }
}

function blockWords(block: PlannedBlock): string {
  if (block.kind === 'text') return JSON.stringify(block.text);
  return block.kind === 'call'
    ? `${block.name} ${JSON.stringify(block.input)}${block.cut ? ' cut' : ''}`
    : block.kind;
}

function outcomeOf(
  plan: ModelPlan,
  request: ModelRequest,
  world: ModelWorld,
  used: Usage,
  onText: (delta: string) => void,
): CallOutcome {
  switch (plan.kind) {
    case 'again':
      return {
        kind: 'again',
        why: plan.why,
        message: 'later',
        ...(plan.retryAfterMs === undefined ? {} : { retryAfterMs: plan.retryAfterMs }),
      };
    case 'refused':
      return { kind: 'refused', why: plan.why, message: 'no', status: plan.status };
    case 'broken': {
      const answer = makeAnswer(onText);
      begin(answer, used);
      stream(answer, 0, { type: 'text', text: '' }, [{ type: 'text_delta', text: 'Half of' }]);
      return finish(answer, used);
    }
    case 'answer': {
      const answer = makeAnswer(onText);
      begin(answer, used);
      const thoughts = plan.blocks.filter((block) => block.kind === 'thinking').length;
      const sign = signed(request, thoughts);
      const results = resultsFor(request);
      results.forEach((result, index) => {
        sign.add(result);
        stream(answer, index, result, []);
      });
      plan.blocks.forEach((block, index) => {
        streamBlock(answer, results.length + index, block, world, thoughts, sign);
      });
      answer.take({
        type: 'message_delta',
        delta: {
          stop_reason: plan.stop,
          ...(plan.stop === 'refusal' ? { stop_details: { category: 'cyber' } } : {}),
        },
        usage: { output_tokens: used.outputTokens },
      });
      answer.take({ type: 'message_stop' });
      return finish(answer, used);
    }
  }
}

/** What the API found for the calls of its own tools that the transcript leaves open. */
function resultsFor({ messages }: ModelRequest): Block[] {
  const open = messages.reduce(
    (before: readonly ServerCall[], { role, content }) =>
      role === 'assistant' ? openBehind(before, content) : before,
    [],
  );
  return open.map(({ id, name }) => ({ type: `${name}_tool_result`, tool_use_id: id, content: [] }));
}

function begin(answer: Answer, used: Usage): void {
  answer.take({
    type: 'message_start',
    message: {
      usage: {
        input_tokens: used.inputTokens,
        cache_read_input_tokens: used.cacheReadTokens,
        cache_creation_input_tokens: used.cacheWriteTokens,
        output_tokens: 1,
      },
    },
  });
}

function stream(answer: Answer, index: number, start: JsonObject, deltas: readonly JsonObject[]): void {
  answer.take({ type: 'content_block_start', index, content_block: start });
  for (const delta of deltas) answer.take({ type: 'content_block_delta', index, delta });
  answer.take({ type: 'content_block_stop', index });
}

function streamBlock(
  answer: Answer,
  index: number,
  block: PlannedBlock,
  world: ModelWorld,
  thoughts: number,
  sign: ReturnType<typeof signed>,
): void {
  switch (block.kind) {
    case 'text':
      sign.add({ type: 'text', text: block.text });
      return stream(answer, index, { type: 'text', text: '' }, [{ type: 'text_delta', text: block.text }]);
    case 'thinking':
      return stream(answer, index, { type: 'thinking', thinking: '' }, [
        { type: 'thinking_delta', thinking: 'I wonder.' },
        { type: 'signature_delta', signature: sign.next('I wonder.') },
      ]);
    case 'server': {
      world.calls += 1;
      const call = {
        type: 'server_tool_use',
        id: `srvtoolu_${world.calls}`,
        name: 'web_search',
        input: { query: 'x' },
      };
      sign.add(call);
      return stream(answer, index, call, []);
    }
    case 'call': {
      world.calls += 1;
      const id = `toolu_sim_${world.calls}${thoughts > 0 ? `_t${thoughts}` : ''}`;
      if (block.cut) world.cut.add(id);
      else sign.add({ type: 'tool_use', id, name: block.name, input: block.input });
      const json = JSON.stringify(block.input);
      return stream(answer, index, { type: 'tool_use', id, name: block.name, input: {} }, [
        {
          type: 'input_json_delta',
          partial_json: block.cut === 'broken' ? json.slice(0, Math.floor(json.length / 2)) : json,
        },
      ]);
    }
  }
}

function finish(answer: Answer, { usd }: Usage): CallOutcome {
  const finished = answer.finish();
  if (finished.kind === 'broken') return { kind: 'again', why: 'cut', message: finished.message };
  const { content, stop, category, tokens } = finished;
  return {
    kind: 'answered',
    content,
    stop,
    ...(category === undefined ? {} : { category }),
    usage: {
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      cacheReadTokens: tokens.cacheRead,
      cacheWriteTokens: tokens.cacheWrite5m + tokens.cacheWrite1h,
      usd,
    },
  };
}
