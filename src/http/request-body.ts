/**
 * A request's body: measured before it is read whole, decoded strictly, parsed as JSON. Never checks what the
 * JSON says.
 */
import { type Problem, problem } from './problem.ts';

/** Bytes that a body may have where nothing else is said. */
export const MAX_BODY = 1_048_576;

type Body = { readonly reply: 'body'; readonly value: unknown } | Problem;

/**
 * The JSON of a request, `{}` for one without a body, or what is wrong with it.
 * @param max how many bytes it may have
 */
export async function readJson(request: Request, max = MAX_BODY): Promise<Body> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > max) return tooLarge(max);
  const type = request.headers.get('content-type');
  // Refused before it is read: a form or plain text can be sent by any page without asking.
  if (type !== null && !isJson(type)) {
    return problem(
      'not-json',
      `The body must be application/json in UTF-8, not ${type.slice(0, 100).toWellFormed()}.`,
    );
  }
  const bytes = await read(request, max, declared !== null).catch(() => null);
  if (bytes === null) return problem('malformed-json', 'The body broke off.');
  if (bytes === undefined) return tooLarge(max);
  if (bytes.byteLength === 0) return { reply: 'body', value: {} };
  if (type === null) {
    return problem('not-json', 'The body has no Content-Type: send it as application/json.');
  }
  return parse(bytes);
}

/** The bytes of a request, whatever they are, or what is wrong with them: told before they are read, where it can be. */
export async function readBytes(request: Request, max: number): Promise<Uint8Array | Problem> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > max) return tooLarge(max);
  const bytes = await read(request, max, declared !== null).catch(() => null);
  if (bytes === null) return problem('broken-body', 'The body broke off before its end.');
  return bytes ?? tooLarge(max);
}

function tooLarge(max: number): Problem {
  return problem('too-large', `The body may have at most ${max} bytes (${max / 1_024} KiB).`, {
    headers: { connection: 'close' },
  });
}

function isJson(type: string): boolean {
  const [media = '', ...parameters] = type.toLowerCase().split(';');
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return false;
  return /^application\/([a-z0-9.+-]+\+)?json$/.test(media.trim());
}

/** Undefined as soon as there is more than may be. */
async function read(request: Request, max: number, sized: boolean): Promise<Uint8Array | undefined> {
  if (sized) {
    const buffer = await request.arrayBuffer();
    return buffer.byteLength > max ? undefined : new Uint8Array(buffer);
  }
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > max) {
      void reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

function parse(bytes: Uint8Array): Body {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return { reply: 'body', value };
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it is not valid UTF-8, or nested too deep';
    return problem('malformed-json', `The body is not valid JSON: ${why}.`);
  }
}
