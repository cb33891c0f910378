import { expect, test } from 'vitest';
import { person, tasks } from '../../src/cli/demo/first-act/story.ts';
import { workerOf } from '../../src/cli/demo/first-act/workers.ts';
import { readTranscripts } from '../../src/cli/demo/transcripts.ts';
import type { RequestRecord } from '../../src/simulator/records.ts';

const user = (text: string, more: object = {}) => ({
  role: 'user',
  content: [{ type: 'text', text, ...more }],
});
const assistant = (text: string) => ({ role: 'assistant', content: [{ type: 'text', text }] });

function records(tool: string, ...conversations: readonly (readonly object[])[]): RequestRecord[] {
  return conversations.map((messages, index) => ({
    index,
    path: '/v1/messages',
    at: 0,
    headers: {},
    body: { model: 'm', tools: [{ name: tool }], messages },
    outcome: 'answered',
    violations: [],
    events: 0,
  }));
}

test('a transcript that grows is whole, whatever its cache marks do', () => {
  const first = [user(person.asks, { cache_control: { type: 'ephemeral' } })];
  const second = [user(person.asks), assistant('Yes.'), user(person.wonders)];
  const read = readTranscripts(records('stay_silent', first, second), workerOf);
  expect(read).toMatchObject({ requests: 2, repeated: 0, broken: [] });
  expect(read.sessions.assistant?.texts).toEqual([person.asks, person.wonders]);
  expect(read.sessions.assistant?.tools).toEqual(['stay_silent']);
});

test('a request that is sent again counts as one that came twice', () => {
  const same = [user('gateway note'), user(tasks.survey)];
  expect(readTranscripts(records('report', same, same), workerOf)).toMatchObject({ repeated: 1, broken: [] });
});

test('a transcript whose past changed is broken', () => {
  const read = readTranscripts(
    records(
      'stay_silent',
      [user(person.asks)],
      [user('Something else.'), assistant('Yes.'), user(person.wonders)],
    ),
    workerOf,
  );
  expect(read.broken).toEqual(['assistant']);
});

test('a transcript that lost its end is broken', () => {
  const whole = [user(person.asks), assistant('Yes.'), user(person.wonders)];
  expect(readTranscripts(records('stay_silent', whole, whole.slice(0, 1)), workerOf).broken).toEqual([
    'assistant',
  ]);
});

test('a session that nobody knows is named', () => {
  expect(readTranscripts(records('report', [user('Do something else.')]), workerOf).broken).toEqual([
    'request 0',
  ]);
});

test('the results of a session are those of all its requests, each once', () => {
  const call = { type: 'tool_use', id: 'toolu_1', name: 'worktrees', input: { action: 'list' } };
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'None.', is_error: true };
  const asked = [user(person.asks), { role: 'assistant', content: [call] }];
  const answered = [...asked, { role: 'user', content: [result] }];
  const later = [...answered, assistant('None.'), user(person.wonders)];
  const read = readTranscripts(records('stay_silent', answered, answered, later), workerOf);
  expect(read.sessions.assistant?.results).toMatchObject([
    { name: 'worktrees', input: { action: 'list' }, text: 'None.', isError: true },
  ]);
});
