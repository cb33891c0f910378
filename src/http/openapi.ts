/**
 * The API's description (OpenAPI 3.1), made of the routes and of the very schemas that check what comes in
 * and type what goes out. States nothing that isn't in them.
 */
import { z } from 'zod';
import { namedSchemas } from './answers.ts';
import type { AppPorts } from './ports.ts';
import { type ProblemKind, problemKinds } from './problem.ts';
import type { AnswerDoc, Route } from './route.ts';
import { type Scope, scopes, scopeWords } from './scopes.ts';

export interface JsonSchema {
  readonly [key: string]: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly security: readonly JsonSchema[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
      }
    >
  >;
}

export interface OpenApi {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly security: readonly JsonSchema[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: JsonSchema;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
  };
}

const anyRequest: readonly ProblemKind[] = ['foreign-host', 'foreign-origin', 'internal', 'unavailable'];
const withToken: readonly ProblemKind[] = [
  'invalid',
  'no-token',
  'wrong-token',
  'not-allowed',
  'too-many-attempts',
];
const full: readonly ProblemKind[] = ['full'];
const withBytes: readonly ProblemKind[] = ['broken-body', 'too-large'];
const withBody: readonly ProblemKind[] = ['malformed-json', 'too-large', 'not-json'];

export const simulatorWords =
  "The built-in simulator answers here instead of a model: nothing it says is a model's. Set ANTHROPIC_API_KEY to talk to one.";

/** What is said of tokens where they are documented. */
export const tokenWords = [
  'The admin token, or one that `tidings token add` or `POST /v1/tokens` made. Those have an owner, see the chats of that owner only, and may do what their scopes say.',
  ...scopes.map((scope) => `\`${scope}\` ${scopeWords[scope]}.`),
  'In a browser the cookie of `POST /session` stands in place of the token that opened it.',
].join(' ');

/** @param routes all there are, in the order in which they are to be read */
export function openApiOf(
  routes: readonly Route[],
  { about, full }: Pick<AppPorts, 'about' | 'full'>,
): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(route, full !== undefined);
    paths[route.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidings',
      version: about.version,
      description: [
        'A chat-agent gateway with push-based subagents.',
        'JSON in, JSON out. Errors are problem details (RFC 9457); every answer has an X-Request-Id.',
        ...(about.simulator ? [simulatorWords] : []),
      ].join(' '),
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: tokenWords } },
      schemas: components(),
    },
  };
}

const names = new Map<z.ZodType, string>(
  Object.entries(namedSchemas).map(([name, schema]) => [schema, name]),
);

function components(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: refOf,
    override: ({ jsonSchema }) => relax(jsonSchema),
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, bare(schema)]));
}

function refOf(name: string): string {
  return `#/components/schemas/${name}`;
}

/** Answers may grow: who reads them must not refuse a field that was added. */
function relax(
  schema: JsonSchema & { additionalProperties?: unknown; maximum?: unknown; minimum?: unknown },
): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  withoutSafeBounds(schema);
}

/** Every whole number is a safe one: bounds that say no more than this are noise. */
function withoutSafeBounds(schema: { maximum?: unknown; minimum?: unknown }): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}

function bare(schema: JsonSchema): JsonSchema {
  const { $schema: _, $id: __, id: ___, ...rest } = schema;
  return rest;
}

/** A request's schema, as it is to be sent. */
function input(schema: z.ZodType): JsonSchema {
  return bare(
    z.toJSONSchema(schema, { io: 'input', override: ({ jsonSchema }) => withoutSafeBounds(jsonSchema) }),
  );
}

/** @param fills whether the host may have no room for more */
function operation(route: Route, fills: boolean): Operation {
  return {
    operationId: route.name,
    summary: route.summary,
    description: [...(route.details === undefined ? [] : [route.details]), needs(route.scope)].join(' '),
    security: route.scope === 'open' ? [] : [{ token: [route.scope] }],
    parameters: parameters(route),
    ...(route.body
      ? {
          requestBody: {
            required: !route.body.safeParse({}).success,
            content: { 'application/json': { schema: input(route.body) } },
          },
        }
      : {}),
    ...(route.rawBytes === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              'application/octet-stream': {
                schema: { type: 'string', format: 'binary', minLength: 1, maxLength: route.rawBytes },
              },
            },
          },
        }),
    responses: responses(route, fills),
  };
}

function needs(scope: Scope | 'open'): string {
  return scope === 'open' ? 'Needs no token.' : `Needs a token with the scope \`${scope}\`.`;
}

function parameters({ path, query, answers }: Route): Parameter[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(
    ([, name = '']): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } }),
  );
  const inQuery = Object.entries(query.shape).map(([name, field]): Parameter => {
    // What is sent as digits is documented as the number that it is.
    const { description, ...schema } = bare(
      z.toJSONSchema(field, { io: 'output', override: ({ jsonSchema }) => withoutSafeBounds(jsonSchema) }),
    );
    return {
      name,
      in: 'query',
      required: !z.safeParse(field, undefined).success,
      ...(typeof description === 'string' ? { description } : {}),
      schema,
    };
  });
  const streams = Object.values(answers)
    .flat()
    .some((one) => one.media === 'text/event-stream');
  const resumes: Parameter = {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'The `id` of the last event that was received; wins over `after`.',
    schema: { type: 'string' },
  };
  return [...inPath, ...inQuery, ...(streams ? [resumes] : [])];
}

function responses(route: Route, fills: boolean): Operation['responses'] {
  const all: Record<string, Operation['responses'][string]> = {};
  for (const [status, docs] of Object.entries(route.answers)) {
    const given = [docs].flat();
    all[status] = {
      description: given.map((one) => one.description).join(' Or: '),
      ...(status === '204' || given.every(({ empty }) => empty)
        ? {}
        : {
            content: Object.fromEntries(
              given.map((one) => [one.media ?? 'application/json', { schema: answer(one) }]),
            ),
          }),
    };
  }
  const kinds = [
    ...route.problems,
    ...(route.body ? withBody : []),
    ...(route.rawBytes === undefined ? [] : withBytes),
    ...(route.scope === 'open' ? [] : withToken),
    ...(fills && route.adds ? full : []),
    ...anyRequest,
  ];
  for (const kind of new Set(kinds)) {
    const { status, title } = problemKinds[kind];
    const { description: before, content } = all[status] ?? {};
    all[status] = {
      description: before === undefined ? `${title}.` : `${before} Or: ${title}.`,
      content: { ...content, 'application/problem+json': { schema: { $ref: refOf('Problem') } } },
    };
  }
  return all;
}

function answer({ schema, media }: AnswerDoc): JsonSchema {
  const name = schema && names.get(schema);
  if (name !== undefined) return { $ref: refOf(name) };
  if (schema) throw new Error('the schema of an answer has no name in the documentation');
  return media === 'application/json' ? { type: 'object' } : { type: 'string' };
}
