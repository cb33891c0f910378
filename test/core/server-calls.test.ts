/** Tools that the API runs by itself: what they leave open is gone on with, or closed before anything else is said. */
import { describe, expect, test } from 'vitest';
import type { Block } from '../../src/core/ports.ts';
import { closing, openBehind } from '../../src/core/server-calls.ts';
import { call, chat, latestWords, only, person, text } from './play.ts';

const search: Block = {
  type: 'server_tool_use',
  id: 'srvtoolu_1',
  name: 'web_search',
  input: { query: 'x' },
};
const found: Block = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] };
const bash = call('bash', { command: 'ls' });
const unavailable = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: { type: 'web_search_tool_result_error', error_code: 'unavailable' },
};

test('a call stands open until its result, wherever that comes', () => {
  expect(openBehind([], [text('I search.'), search, found])).toEqual([]);
  const open = openBehind([], [search, bash]);
  expect(open).toEqual([{ id: 'srvtoolu_1', name: 'web_search' }]);
  expect(openBehind(open, [text('Hm.')])).toEqual(open);
  expect(openBehind(open, [found])).toEqual([]);
  expect(closing(open)).toEqual([unavailable]);
});

describe('a search that was left open', () => {
  test('beside a tool of ours gets that tool’s result and nothing else, and words come after', () => {
    const main = chat();
    main.say('search');
    main.answer([search, bash]);
    main.say('hurry');
    const followed = main.tool('1.0');
    expect(only(followed, 'step.requested')[0]).toMatchObject({ takes: [], adds: [{}] });
    expect(only(followed, 'step.requested')[0]).not.toHaveProperty('closes');
    const after = main.answer([found, text('Found.')]);
    expect(only(after, 'step.requested')[0]?.takes).toHaveLength(1);
    expect(only(after, 'step.requested')[0]).not.toHaveProperty('closes');
    expect(latestWords(main)[0]).toContain('hurry');
  });

  test('is closed before newer words, when the answer that would go on with it was given up', () => {
    const main = chat();
    main.say('search');
    main.answer([text('I search.'), search], 'pause_turn');
    main.do({ type: 'stop', subagents: false, from: person });
    const followed = main.say('something else');
    expect(only(followed, 'step.requested')[0]).toMatchObject({ closes: [unavailable] });
    expect(main.state.serverCalls).toEqual([]);
  });

  test('at the end of an answer that the token limit cut is closed before the model is asked to go on', () => {
    const main = chat();
    main.say('search');
    const followed = main.answer([search, text('So')], 'max_tokens');
    expect(only(followed, 'step.requested')[0]).toMatchObject({ closes: [unavailable] });
  });
});
