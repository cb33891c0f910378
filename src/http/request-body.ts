/**
 * A request's body: measured before it is read whole, decoded strictly, parsed as JSON. Never checks what the
 * JSON says.
 */
import { type Problem, problem } from './problem.ts';

const MAX_BODY = 1_048_576;

type Body = { readonly reply: 'body'; readonly value: unknown } | Problem;

/** The JSON of a request, `{}` for one without a body, or what is wrong with it. */
export async function readJson(request: Request): Promise<Body> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > MAX_BODY) return tooLarge();
  const type = request.headers.get('content-type');
  // Refused before it is read: a form or plain text can be sent by any page without asking.
  if (type !== null && !isJson(type)) {
    return problem(
      'not-json',
      `The body must be application/json in UTF-8, not ${type.slice(0, 100).toWellFormed()}.`,
    );
  }
  const bytes = await read(request, declared !== null).catch(() => null);
  if (bytes === null) return problem('malformed-json', 'The body broke off.');
  if (bytes === undefined) return tooLarge();
  if (bytes.byteLength === 0) return { reply: 'body', value: {} };
  if (type === null) {
    return problem('not-json', 'The body has no Content-Type: send it as application/json.');
  }
  return parse(bytes);
}

function tooLarge(): Problem {
  return problem('too-large', `The body may have at most ${MAX_BODY} bytes (1 MiB).`, {
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
async function read(request: Request, sized: boolean): Promise<Uint8Array | undefined> {
  if (sized) {
    const buffer = await request.arrayBuffer();
    return buffer.byteLength > MAX_BODY ? undefined : new Uint8Array(buffer);
  }
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > MAX_BODY) {
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
