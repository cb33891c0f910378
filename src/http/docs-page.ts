/**
 * The documentation as a page for people, rendered from the API's description. Self-contained: no script, and
 * nothing from anywhere else.
 */
import { html, raw } from 'hono/html';
import { z } from 'zod';
import { type JsonSchema, type OpenApi, type Operation, type Parameter, tokenWords } from './openapi.ts';
import { problemKinds } from './problem.ts';

type Html = ReturnType<typeof html>;

export const pageStyle = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
h3 { margin-top: 2.5rem; }
.notice { border: 1px solid #b80; padding: 0.5rem 1rem; }
`;

const schemaShape = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  $ref: z.string().optional(),
  description: z.string().optional(),
  /** `false`: the list holds what is named one by one, and no more. */
  items: z.union([z.looseObject({}), z.literal(false)]).optional(),
  prefixItems: z.array(z.looseObject({})).optional(),
  anyOf: z.array(z.looseObject({})).optional(),
  oneOf: z.array(z.looseObject({})).optional(),
  properties: z.record(z.string(), z.looseObject({})).optional(),
  required: z.array(z.string()).optional(),
});

/** Prose with its `names` set as names. */
function prose(text: string | undefined): Html[] {
  return (text ?? '')
    .split(/`([^`]+)`/)
    .map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : html`${piece}`));
}

/** A whole page around what is given. */
export function page(title: string, notice: string | undefined, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${raw(pageStyle)}</style>
</head>
<body>
${notice === undefined ? '' : html`<p class="notice">${notice}</p>`}
${body}
</body>
</html>
`;
}

/** @param notice what every page of this gateway says first, if anything */
export function docsPage(api: OpenApi, notice: string | undefined): Html {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return page(
    `${api.info.title} ${api.info.version}: the API`,
    notice,
    html`<h1>${api.info.title}: the API</h1>
<p>${prose(api.info.description)} The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
<h2>Tokens</h2>
<p>${prose(tokenWords)}</p>
<h2>Calls</h2>
<table>${operations.map(
      ({ path, method, operation }) =>
        html`<tr><td><a href="#${operation.operationId}"><code>${method} ${path}</code></a></td><td>${prose(operation.summary)}</td></tr>`,
    )}</table>
${operations.map(({ path, method, operation }) => operationHtml(path, method, operation))}
<h2>Errors</h2>
<table>${Object.entries(problemKinds).map(
      ([kind, { status, title }]) =>
        html`<tr id="${kind}"><td><code>${kind}</code></td><td>${status}</td><td>${title}</td></tr>`,
    )}</table>
<h2>Shapes</h2>
${Object.entries(api.components.schemas).map(
  ([name, schema]) => html`<h3 id="${name}">${name}</h3>${schemaHtml(schema)}`,
)}`,
  );
}

function operationHtml(path: string, method: string, operation: Operation): Html {
  const body = operation.requestBody?.content['application/json']?.schema;
  const raw = operation.requestBody?.content['application/octet-stream'];
  return html`<h3 id="${operation.operationId}"><code>${method} ${path}</code></h3>
<p>${prose(operation.summary)} ${prose(operation.description)}</p>
${operation.parameters.length === 0 ? '' : html`<h4>Parameters</h4><table>${operation.parameters.map(parameterHtml)}</table>`}
${body === undefined ? '' : html`<h4>Body</h4>${schemaHtml(body)}`}
${raw === undefined ? '' : html`<h4>Body</h4><p>Bytes, as they are.</p>`}
<h4>Answers</h4>
<table>${Object.entries(operation.responses).map(
    ([status, { description, content = {} }]) =>
      html`<tr><td>${status}</td><td>${prose(description)}</td><td>${Object.entries(content).map(
        ([media, { schema }]) => html`<code>${media}</code> ${typeHtml(schema)} `,
      )}</td></tr>`,
  )}</table>`;
}

function parameterHtml({ name, in: place, description, schema }: Parameter): Html {
  return html`<tr><td><code>${name}</code></td><td>${place}</td><td>${typeHtml(schema)}</td><td>${prose(description)}</td></tr>`;
}

function schemaHtml(schema: JsonSchema): Html {
  const { properties, required = [], anyOf, description } = schemaShape.parse(schema);
  if (anyOf && !properties) {
    return html`<p>One of:</p>${anyOf.map((one) => schemaHtml(one))}`;
  }
  if (!properties) return html`<p>${typeHtml(schema)} ${prose(description)}</p>`;
  return html`<table>${Object.entries(properties).map(
    ([name, field]) =>
      html`<tr><td><code>${name}</code>${required.includes(name) ? '' : ' (optional)'}</td><td>${typeHtml(field)}</td><td>${schemaShape.parse(field).description ?? ''}</td></tr>`,
  )}</table>`;
}

function typeHtml(schema: JsonSchema): Html {
  const {
    type,
    enum: values,
    const: value,
    $ref,
    items,
    prefixItems,
    oneOf,
    anyOf = oneOf,
    properties,
  } = schemaShape.parse(schema);
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? '';
    return html`<a href="#${name}">${name}</a>`;
  }
  if (value !== undefined) return html`<code>${JSON.stringify(value)}</code>`;
  if (values) return html`${values.map((one) => JSON.stringify(one)).join(' | ')}`;
  if (anyOf) return html`${anyOf.map((one, index) => html`${index > 0 ? ' | ' : ''}${typeHtml(one)}`)}`;
  if (prefixItems) {
    return html`[${prefixItems.map((one, index) => html`${index > 0 ? ', ' : ''}${typeHtml(one)}`)}]`;
  }
  if (items) return html`list of ${typeHtml(items)}`;
  if (properties) {
    return html`{ ${Object.entries(properties).map(
      ([name, field], index) => html`${index > 0 ? ', ' : ''}${name}: ${typeHtml(field)}`,
    )} }`;
  }
  return html`${[type ?? 'anything'].flat().join(' | ')}`;
}
