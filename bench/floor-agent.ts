/**
 * The floor: what an agent loop on the bare SDK costs. It streams, accumulates, runs its tools as function
 * calls and its subagents as concurrent loops; it keeps nothing on disk and has no door to the network.
 */
import Anthropic from '@anthropic-ai/sdk';
import type { Chat, Told } from './chat.ts';
import { now } from './clock.ts';
import type { Prefixes } from './model.ts';
import { markOf, type Talk, talk } from './script.ts';

type Message = Anthropic.MessageParam;
interface Pending extends Omit<Told, 'firstAt' | 'endedAt'> {
  firstAt: number | undefined;
  readonly resolve: (told: Told) => void;
  readonly reject: (error: unknown) => void;
}

const cached = { cache_control: { type: 'ephemeral' } } as const;

export function makeFloor(url: string, prefixes: Prefixes): { open(): Chat } {
  const client = new Anthropic({ baseURL: url, apiKey: 'bench', maxRetries: 0 });

  async function work(task: string): Promise<string> {
    const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: task, ...cached }] }];
    return textOf(await client.messages.stream({ ...prefixes.subagent, messages }).finalMessage());
  }

  function open(): Chat {
    const history: Message[] = [];
    const pending = new Map<string, Pending>();
    let inbox: string[] = [];
    let running = false;
    let marks: readonly [number, number] = [0, 0];

    function take(): void {
      for (const text of inbox) history.push({ role: 'user', content: [{ type: 'text', text }] });
      inbox = [];
    }

    async function step(): Promise<Anthropic.Message> {
      marks = [marks[1], history.length];
      const stream = client.messages.stream({ ...prefixes.main, messages: marked(history, marks) });
      stream.once('text', () => {
        const at = now();
        for (const one of pending.values()) one.firstAt ??= at;
      });
      const message = await stream.finalMessage();
      history.push({ role: 'assistant', content: message.content });
      const text = textOf(message);
      const at = now();
      for (const [key, one] of pending) {
        if (!text.includes(markOf(key))) continue;
        pending.delete(key);
        one.resolve({
          sentAt: one.sentAt,
          acceptedAt: one.acceptedAt,
          firstAt: one.firstAt ?? at,
          endedAt: at,
        });
      }
      return message;
    }

    async function turn(): Promise<void> {
      while (inbox.length > 0) {
        take();
        for (;;) {
          const calls = (await step()).content.filter((block) => block.type === 'tool_use');
          if (calls.length === 0) break;
          history.push({ role: 'user', content: calls.map(spawn) });
          take();
        }
      }
    }

    function spawn({ id, input }: Anthropic.ToolUseBlock): Anthropic.ToolResultBlockParam {
      const task = typeof input === 'object' && input !== null && 'task' in input ? String(input.task) : '';
      void work(task).then((result) => post(announcement(id, result)), fail);
      const note =
        'Its news comes to you by itself when it ends: go on, or end your turn; do not wait or ask for it.';
      const content = JSON.stringify({ status: 'accepted', id, state: 'running', note });
      return { type: 'tool_result', tool_use_id: id, content };
    }

    function post(text: string): void {
      inbox.push(text);
      if (running) return;
      running = true;
      turn()
        .catch(fail)
        .finally(() => {
          running = false;
        });
    }

    function fail(error: unknown): void {
      for (const one of pending.values()) one.reject(error);
      pending.clear();
    }

    let told = 0;
    return {
      tell(order: Talk) {
        const key = `k${(told++).toString(36)}`;
        const sentAt = now();
        return new Promise((resolve, reject) => {
          pending.set(key, { sentAt, acceptedAt: sentAt, firstAt: undefined, resolve, reject });
          post(`[${new Date().toISOString().slice(0, 16)}, person via loop]\n${talk(key, order)}`);
        });
      },
      close() {},
    };
  }

  return { open };
}

/** The history with cache breakpoints where the gateway sets its own: the ends of this request and the last. */
function marked(history: readonly Message[], ends: readonly number[]): Message[] {
  const messages = [...history];
  for (const end of ends) {
    const at = messages.findLastIndex((message, index) => index < end && message.role === 'user');
    const message = messages[at];
    if (!message || typeof message.content === 'string') continue;
    const last = message.content.length - 1;
    const content = message.content.map((block, index): Anthropic.ContentBlockParam => {
      if (index !== last) return block;
      return block.type === 'text' || block.type === 'tool_result' ? { ...block, ...cached } : block;
    });
    messages[at] = { role: 'user', content };
  }
  return messages;
}

function announcement(id: string, result: string): string {
  const nonce = id.slice(-8);
  return `<subagent-announcement nonce="${nonce}" label="${id}" id="${id}" attempt="1" status="completed" took="1s" steps="1" tokens="100" usd="0.00">\n${result}\n</subagent-announcement nonce="${nonce}">`;
}

function textOf(message: Anthropic.Message): string {
  return message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
}
