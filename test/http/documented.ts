/**
 * The API's own description as a check of its answers: whatever the app answers must be what it says that it
 * answers, to the last field.
 */
import { z } from 'zod';

const schemaShape = z.record(z.string(), z.unknown());
const apiShape = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        responses: z.record(
          z.string(),
          z.object({
            description: z.string(),
            content: z.record(z.string(), z.object({ schema: schemaShape })).optional(),
          }),
        ),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), schemaShape) }),
});

interface Given {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Documented {
  /** @throws when an answer is not as documented. */
  check(given: Given): void;
  /** The schema of one named component, closed: it takes no field that it doesn't name. */
  schema(name: string): z.ZodType;
  /** `POST /v1/chats 201`: every answer that is documented. */
  readonly all: readonly string[];
  /** Those that `check` has seen. */
  readonly seen: ReadonlySet<string>;
}

export async function documentation(app: {
  request(path: string, init: RequestInit): Response | Promise<Response>;
}): Promise<Documented> {
  const response = await app.request('/openapi.json', { headers: { host: '127.0.0.1:8787' } });
  const api = apiShape.parse(await response.json());
  const defs = closed(api.components.schemas);
  const seen = new Set<string>();
  const made = new Map<string, z.ZodType>();

  function schemaOf(schema: unknown): z.ZodType {
    const key = JSON.stringify(schema);
    const known = made.get(key);
    if (known) return known;
    const one = z.fromJSONSchema(
      z.record(z.string(), z.json()).parse({ ...object(closed(schema)), $defs: defs }),
    );
    made.set(key, one);
    return one;
  }

  function operationOf(path: string, method: string) {
    const fits = Object.entries(api.paths).filter(([template]) => pattern(template).test(path));
    // `…/{target}/kill` fits `…/{target}` as well: the longer one is meant.
    const [, methods] = fits.sort(([a], [b]) => b.split('/').length - a.split('/').length)[0] ?? [];
    const template = fits[0]?.[0];
    const operation = methods?.[method.toLowerCase()];
    return operation && template ? { template, operation } : undefined;
  }

  return {
    seen,
    all: Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    ),
    schema: (name) => schemaOf({ $ref: `#/components/schemas/${name}` }),
    check({ method, path, status, headers, body }) {
      const where = `${method} ${path} ${status}`;
      if (!headers.get('x-request-id')) throw new Error(`${where} has no X-Request-Id`);
      const media = headers.get('content-type')?.split(';')[0] ?? '';
      const found = operationOf(path, method);
      const named = found?.operation.responses[String(status)];
      // What another protocol has its own words for is told in those.
      const foreign = media !== 'application/problem+json' && named?.content?.[media] !== undefined;
      if (status >= 400 && !foreign) {
        if (media !== 'application/problem+json') throw new Error(`${where} is ${media}`);
        const problem = schemaOf({ $ref: '#/components/schemas/Problem' }).parse(body);
        const told = z.object({ status: z.number(), requestId: z.string() }).parse(problem);
        if (told.status !== status) throw new Error(`${where} says that it is ${told.status}`);
        if (told.requestId !== headers.get('x-request-id')) throw new Error(`${where} has two request ids`);
      }
      if (!found) {
        if (status < 400) throw new Error(`${where} is answered and not documented`);
        return;
      }
      const { template } = found;
      if (status === 204 || (named && !named.content)) {
        if (body !== null) throw new Error(`${where} has a body`);
        if (!named) throw new Error(`${where} is not documented for ${template}`);
        seen.add(`${method} ${template} ${status}`);
        return;
      }
      const documented = named?.content?.[media];
      if (!documented) throw new Error(`${where} (${media}) is not documented for ${template}`);
      schemaOf(documented.schema).parse(body);
      seen.add(`${method} ${template} ${status}`);
    },
  };
}

function pattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('{target}', '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/** References made local, and every object closed that names its fields. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === '$ref' && typeof part === 'string'
        ? part.replace('#/components/schemas/', '#/$defs/')
        : closed(part),
    ]),
  );
  const names = 'properties' in copy && 'type' in copy && !('additionalProperties' in copy);
  return names ? { ...copy, additionalProperties: false } : copy;
}

function object(value: unknown): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(value);
}
