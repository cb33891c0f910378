/**
 * A request to /v1/messages as scripts read it. Owns the reading; it never judges (the rules do).
 * Wrong shapes read as empty, so that a lenient simulator can answer them.
 */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface ReadMessage {
  readonly role: string;
  /** Content as blocks; a string is one text block. */
  readonly blocks: readonly Fields[];
}

export interface ReadToolResult {
  readonly toolUseId: string;
  /** The tool that was called, if its call stands in the transcript. */
  readonly name: string | undefined;
  /** The input of that call. */
  readonly input: Fields;
  readonly text: string;
  readonly isError: boolean;
}

/** What a script function is given. */
export interface ParsedRequest {
  /** Which request to /v1/messages this is since the simulator started, from 0. */
  readonly index: number;
  readonly model: string;
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly systemText: string;
  readonly toolNames: readonly string[];
  readonly messages: readonly ReadMessage[];
  /** Blocks of all user messages after the last answer. */
  readonly lastUserBlocks: readonly Fields[];
  /** Their texts, a line break between; tool results are not in it. */
  readonly lastUserText: string;
  /** Their tool results. */
  readonly toolResults: readonly ReadToolResult[];
  /** How many answers of the model the transcript holds: runs of assistant messages. */
  readonly answers: number;
  /** All of the messages' words: text, tool calls' inputs as JSON, tool results. Read when first asked for. */
  readonly transcriptText: string;
  readonly body: Fields;
  /** Without keys and tokens. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Content of a message, a system prompt or a tool result as blocks; what has another shape as none. */
export function blocksOf(content: unknown): Fields[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content.filter(isFields) : [];
}

function textOf(blocks: readonly Fields[]): string {
  const texts: string[] = [];
  for (const block of blocks) if (typeof block.text === 'string') texts.push(block.text);
  return texts.join('\n');
}

function wordsOf(block: Fields): string {
  switch (block.type) {
    case 'text':
      return typeof block.text === 'string' ? block.text : '';
    case 'tool_use':
      return `${String(block.name)} ${JSON.stringify(block.input)}`;
    case 'tool_result':
      return textOf(blocksOf(block.content));
    default:
      return '';
  }
}

/** Reads a parsed body. `headers` must already be free of secrets. */
export function readRequest(
  body: Fields,
  options: { index: number; headers: Readonly<Record<string, string>> },
): ParsedRequest {
  const raw = Array.isArray(body.messages) ? body.messages : [];
  const messages: ReadMessage[] = raw.filter(isFields).map((message) => ({
    role: typeof message.role === 'string' ? message.role : '',
    blocks: blocksOf(message.content),
  }));
  const lastAnswer = messages.findLastIndex((message) => message.role === 'assistant');
  const lastUserBlocks = messages
    .slice(lastAnswer + 1)
    .filter((message) => message.role === 'user')
    .flatMap((message) => message.blocks);
  const tools = Array.isArray(body.tools) ? body.tools.filter(isFields) : [];
  let answers = 0;
  messages.forEach((message, index) => {
    if (message.role === 'assistant' && messages[index - 1]?.role !== 'assistant') answers += 1;
  });
  let transcript: string | undefined;
  return {
    index: options.index,
    model: typeof body.model === 'string' ? body.model : '',
    maxTokens: typeof body.max_tokens === 'number' ? body.max_tokens : 0,
    stream: body.stream === true,
    systemText: textOf(blocksOf(body.system)),
    toolNames: tools.flatMap((tool) => (typeof tool.name === 'string' ? [tool.name] : [])),
    messages,
    lastUserBlocks,
    lastUserText: textOf(lastUserBlocks.filter((block) => block.type === 'text')),
    toolResults: readResults(messages, lastUserBlocks),
    answers,
    get transcriptText() {
      transcript ??= messages.flatMap((message) => message.blocks.map(wordsOf)).join('\n');
      return transcript;
    },
    body,
    headers: options.headers,
  };
}

function readResults(messages: readonly ReadMessage[], blocks: readonly Fields[]): ReadToolResult[] {
  const results = blocks.filter((block) => block.type === 'tool_result');
  if (results.length === 0) return [];
  const calls = new Map<unknown, Fields>();
  for (const message of messages)
    for (const block of message.blocks) if (block.type === 'tool_use') calls.set(block.id, block);
  return results.map((block) => {
    const call = calls.get(block.tool_use_id);
    return {
      toolUseId: String(block.tool_use_id),
      name: typeof call?.name === 'string' ? call.name : undefined,
      input: isFields(call?.input) ? call.input : {},
      text: textOf(blocksOf(block.content)),
      isError: block.is_error === true,
    };
  });
}
