/**
 * The protocol's own conformance suite as a process, and the table of what this server does not offer. What is in the
 * table must fail and nothing else may: an entry that is none any more is told, too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const program = require.resolve('@modelcontextprotocol/conformance/dist/index.js');

export const revisions = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof revisions)[number];

/** Why a scenario is not for this server. */
const reasons = {
  fixture: 'asks for tools and resources of the suite’s own making: shown with those, on the same server',
  media: 'asks for tools that answer with pictures, sounds or files: ours answer with words and objects',
  prompts: 'there are no prompts: what a model is to know stands in the instructions and the tools',
  tasks: 'no call is a task: what goes on behind a call is a subagent, with news of its own',
  headers: 'no tool takes a part of its input from headers',
  schemas: 'no tool’s input refers to parts of itself',
  completion: 'there is nothing to complete',
  logging: 'there is no logging to clients, which the protocol gives up; the gateway has a log of its own',
  progress: 'no call takes long but the one that waits for news, and that has no progress',
  asking:
    'no tool asks the client’s person or model: what a subagent asks is news, and answered with subagents answer',
} as const;
type Reason = keyof typeof reasons;

const notOffered: Readonly<Record<Revision, Readonly<Record<string, Reason>>>> = {
  '2025-11-25': {
    'logging-set-level': 'logging',
    'completion-complete': 'completion',
    'tools-call-simple-text': 'fixture',
    'tools-call-image': 'media',
    'tools-call-audio': 'media',
    'tools-call-embedded-resource': 'media',
    'tools-call-mixed-content': 'media',
    'tools-call-with-logging': 'logging',
    'tools-call-error': 'fixture',
    'tools-call-with-progress': 'progress',
    'tools-call-sampling': 'asking',
    'tools-call-elicitation': 'asking',
    'elicitation-sep1034-defaults': 'asking',
    'elicitation-sep1330-enums': 'asking',
    'resources-read-text': 'fixture',
    'resources-read-binary': 'media',
    'resources-templates-read': 'fixture',
    'resources-subscribe': 'fixture',
    'resources-unsubscribe': 'fixture',
    'prompts-list': 'prompts',
    'prompts-get-simple': 'prompts',
    'prompts-get-with-args': 'prompts',
    'prompts-get-embedded-resource': 'prompts',
    'prompts-get-with-image': 'prompts',
    'json-schema-2020-12': 'schemas',
  },
  '2026-07-28': {
    'server-stateless:sep-2575-server-rejects-undeclared-capability': 'asking',
    'server-stateless:sep-2575-missing-capability-http-400': 'asking',
    'server-stateless:sep-2575-http-server-no-independent-requests-on-stream': 'asking',
    'server-stateless:sep-2575-server-no-log-without-loglevel': 'logging',
    'completion-complete': 'completion',
    'tools-call-simple-text': 'fixture',
    'tools-call-image': 'media',
    'tools-call-audio': 'media',
    'tools-call-embedded-resource': 'media',
    'tools-call-mixed-content': 'media',
    'tools-call-error': 'fixture',
    'tools-call-with-progress': 'progress',
    'resources-read-text': 'fixture',
    'resources-read-binary': 'media',
    'resources-templates-read': 'fixture',
    'prompts-list': 'prompts',
    'prompts-get-simple': 'prompts',
    'prompts-get-with-args': 'prompts',
    'prompts-get-embedded-resource': 'prompts',
    'prompts-get-with-image': 'prompts',
    'caching:sep-2549-prompts-list-caching-hints': 'prompts',
    'input-required-result-basic-elicitation': 'asking',
    'input-required-result-basic-sampling': 'asking',
    'input-required-result-basic-list-roots': 'asking',
    'input-required-result-request-state': 'asking',
    'input-required-result-multiple-input-requests': 'asking',
    'input-required-result-multi-round': 'asking',
    'input-required-result-non-tool-request': 'asking',
    'input-required-result-result-type': 'asking',
    'input-required-result-tampered-state': 'asking',
    'input-required-result-capability-check': 'asking',
    'input-required-result-missing-input-response': 'asking',
    'input-required-result-ignore-extra-params': 'asking',
    'tasks-lifecycle': 'tasks',
    'tasks-capability-negotiation': 'tasks',
    'tasks-wire-fields': 'tasks',
    'tasks-request-state-removal': 'tasks',
    'tasks-mrtr-input': 'tasks',
    'tasks-request-headers': 'tasks',
    'tasks-dispatch-and-envelope': 'tasks',
    'tasks-required-task-error': 'tasks',
    'tasks-mrtr-composition': 'tasks',
    'json-schema-2020-12': 'schemas',
    'http-custom-header-server-validation': 'headers',
  },
};

export interface Verdict {
  readonly code: number | null;
  /** What it says of each scenario. */
  readonly summary: string;
}

/**
 * Runs all that a revision requires.
 * @param offered reasons that do not hold here
 * @param besides scenarios that are not for this server here
 */
export async function conformance(
  url: string,
  revision: Revision,
  offered: readonly Reason[] = [],
  besides: readonly string[] = [],
): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-conformance-'));
  const expected = Object.entries(notOffered[revision])
    .filter(([, reason]) => !offered.includes(reason))
    .map(([scenario, reason]) => `  - ${scenario} # ${reasons[reason]}`)
    .concat(besides.map((scenario) => `  - ${scenario}`));
  const baseline = join(folder, 'expected.yml');
  writeFileSync(baseline, ['server:', ...expected, ''].join('\n'));
  const args = ['server', '--url', url, '--requirements', revision, '--expected-failures', baseline];
  const child = spawn(process.execPath, [program, ...args, '--output-dir', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  await once(child, 'close');
  rmSync(folder, { recursive: true, force: true });
  return { code: child.exitCode, summary: printed.slice(Math.max(0, printed.lastIndexOf('=== SUMMARY'))) };
}
