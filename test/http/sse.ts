/** A reader of server-sent events as browsers parse them, over any byte stream. Keeps what came; judges nothing. */

export interface SseEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

export interface SseReader {
  /** Everything that was dispatched, in order. */
  readonly events: SseEvent[];
  /** Comment lines. */
  readonly comments: string[];
  /** What a reader would come back with; undefined until an id was seen. */
  lastId: string | undefined;
  retry: number | undefined;
  /** Reads one chunk; false when the stream is over. */
  read(): Promise<boolean>;
  /** Reads until `enough`, or the stream is over. */
  until(enough: () => boolean): Promise<void>;
  /** Reads all the time, as programs do; resolves when the stream is over. */
  start(): Promise<void>;
  /** Goes away in the middle of whatever comes. */
  leave(): Promise<void>;
}

export function sseReader(response: Response): SseReader {
  if (!response.body) throw new Error('the response has no body');
  const source = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';

  function block(text: string): void {
    let id: string | undefined;
    let event = 'message';
    const data: string[] = [];
    for (const line of text.split('\n')) {
      const colon = line.indexOf(':');
      if (colon === 0) {
        reader.comments.push(line.slice(1).trim());
        continue;
      }
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'id') id = value;
      if (field === 'event') event = value;
      if (field === 'data') data.push(value);
      if (field === 'retry') reader.retry = Number(value);
    }
    if (id !== undefined) reader.lastId = id;
    if (data.length === 0) return;
    reader.events.push({ ...(id === undefined ? {} : { id }), event, data: JSON.parse(data.join('\n')) });
  }

  const reader: SseReader = {
    events: [],
    comments: [],
    lastId: undefined,
    retry: undefined,
    async read() {
      const { done, value } = await source.read();
      if (done) return false;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const one of blocks) block(one);
      return true;
    },
    async until(enough) {
      while (!enough() && (await reader.read()));
    },
    async start() {
      while (await reader.read());
    },
    leave: () => source.cancel(),
  };
  return reader;
}
