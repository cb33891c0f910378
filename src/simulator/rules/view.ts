/**
 * A request laid out for the rules: messages, merged turns, blocks by type, each found once.
 * Reading is forgiving: what has a wrong shape is left out here and named by the schema rules.
 */
import { findModel, type ModelAbilities } from '../models.ts';
import { blocksOf, type Fields, isFields } from '../request.ts';

export interface BlockView {
  readonly fields: Fields;
  readonly type: string;
  readonly role: string;
  /** Index of its message, and its own in that message. */
  readonly message: number;
  readonly block: number;
}

export interface MessageView {
  readonly role: string;
  readonly index: number;
  readonly blocks: readonly BlockView[];
  /** Whether its content was a plain string. */
  readonly plain: boolean;
}

/** Consecutive messages of one role, which the API reads as one. */
export interface Turn {
  readonly role: string;
  readonly blocks: BlockView[];
  /** Index of its first message. */
  readonly message: number;
}

export interface View {
  /** Undefined when only a body is checked. */
  readonly headers: Readonly<Record<string, string | undefined>> | undefined;
  readonly version: string;
  readonly betas: readonly string[];
  /** Size of the body in bytes, where known. */
  readonly bytes: number | undefined;
  /** Why the body is no JSON object. */
  readonly unreadable: string | undefined;
  readonly body: Fields;
  readonly modelId: string;
  readonly model: ModelAbilities | undefined;
  readonly system: readonly Fields[];
  readonly tools: readonly Fields[];
  readonly messages: readonly MessageView[];
  readonly turns: readonly Turn[];
  readonly thinkingType: unknown;
  readonly effort: unknown;
  /** All blocks of the messages with this type, in order. */
  blocks(type: string): readonly BlockView[];
}

export const newestVersion = '2026-10-21';

export interface ViewSource {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly betas?: readonly string[];
  readonly body: unknown;
  readonly bytes?: number;
}

export function viewOf(source: ViewSource): View {
  const { value, unreadable, bytes } = readBody(source);
  const headers = source.headers;
  const modelId = typeof value.model === 'string' ? value.model : '';
  const messages = readMessages(value.messages);
  const byType = new Map<string, BlockView[]>();
  for (const message of messages)
    for (const block of message.blocks) {
      const same = byType.get(block.type);
      if (same === undefined) byType.set(block.type, [block]);
      else same.push(block);
    }
  return {
    headers,
    version: headers === undefined ? newestVersion : (headers['anthropic-version'] ?? ''),
    betas: source.betas ?? listed(headers?.['anthropic-beta']),
    bytes,
    unreadable,
    body: value,
    modelId,
    model: findModel(modelId),
    system: blocksOf(value.system),
    tools: Array.isArray(value.tools) ? value.tools.filter(isFields) : [],
    messages,
    turns: merge(messages),
    thinkingType: isFields(value.thinking) ? value.thinking.type : undefined,
    effort: isFields(value.output_config) ? value.output_config.effort : undefined,
    blocks: (type) => byType.get(type) ?? [],
  };
}

/** `messages.3.content.0`, as the API names a place. */
export function place(block: BlockView): string {
  return `messages.${block.message}.content.${block.block}`;
}

export function listed(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readBody(source: ViewSource): {
  value: Fields;
  unreadable: string | undefined;
  bytes: number | undefined;
} {
  let body = source.body;
  let bytes = source.bytes;
  if (typeof body === 'string') {
    bytes ??= new TextEncoder().encode(body).length;
    try {
      body = JSON.parse(body);
    } catch (error) {
      return { value: {}, unreadable: error instanceof Error ? error.message : 'not JSON', bytes };
    }
  }
  if (!isFields(body)) return { value: {}, unreadable: 'Input should be an object', bytes };
  return { value: body, unreadable: undefined, bytes };
}

function readMessages(raw: unknown): MessageView[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((message: unknown, index) => {
    const fields = isFields(message) ? message : {};
    const role = typeof fields.role === 'string' ? fields.role : '';
    const blocks = blocksOf(fields.content).map((block, at) => ({
      fields: block,
      type: typeof block.type === 'string' ? block.type : '',
      role,
      message: index,
      block: at,
    }));
    return { role, index, blocks, plain: typeof fields.content === 'string' };
  });
}

function merge(messages: readonly MessageView[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last?.role === message.role) last.blocks.push(...message.blocks);
    else turns.push({ role: message.role, blocks: [...message.blocks], message: message.index });
  }
  return turns;
}
