import { describe, expect, test } from 'vitest';
import { toolset } from '../simulation/life.ts';

const subagent = { kind: 'subagent', mayDelegate: true, trust: 'auto' } as const;
const main = { kind: 'main', mayDelegate: true, trust: 'auto' } as const;

function intent(
  name: string,
  input: { [key: string]: string | number },
  subject: typeof subagent | typeof main,
) {
  return toolset.intend({ id: 'toolu_1', name, input }, subject).intent;
}

describe('report', () => {
  test('says either what goes on or what must be known', () => {
    expect(intent('report', { progress: 'halfway' }, subagent)).toEqual({ do: 'progress', text: 'halfway' });
    expect(intent('report', { question: ' Red or blue?\nI would take red. ' }, subagent)).toEqual({
      do: 'ask',
      kind: 'question',
      title: 'Red or blue?',
      detail: 'Red or blue?\nI would take red.',
    });
  });

  test.each([
    [{}, 'report needs `progress`, a line for people, or `question`, what you must know.'],
    [
      { progress: 'x', question: 'y' },
      'report takes one of `progress` or `question` at a time: make a call for each.',
    ],
    [
      { question: ' \n' },
      'report was not run, because its input is wrong: `question` is blank; it must ask something.',
    ],
    [
      { question: 'x'.repeat(4_001) },
      'report was not run, because its input is wrong: `question` must have 1 to 4000 characters, not 4001.',
    ],
  ])('with %j is an error in words', (input, words) => {
    expect(intent('report', input, subagent)).toEqual({ do: 'error', text: words });
  });

  test('is no tool of a main session, which has people to ask', () => {
    expect(intent('report', { question: 'Red?' }, main)).toMatchObject({ do: 'error' });
  });

  test('shows people the first line of a question', () => {
    const call = { id: 'toolu_1', name: 'report', input: { question: 'Red or blue?\nI would take red.' } };
    expect(toolset.intend(call, subagent).summary).toBe('report: Red or blue?');
  });
});

describe('subagents answer', () => {
  test('answers the request that it names, or the only one', () => {
    const input = { action: 'answer', target: 'scout', message: 'Blue.' };
    expect(intent('subagents', input, main)).toEqual({ do: 'answer', target: 'scout', text: 'Blue.' });
    expect(intent('subagents', { ...input, request: 'sub_a.q2' }, main)).toEqual({
      do: 'answer',
      target: 'scout',
      request: 'sub_a.q2',
      text: 'Blue.',
    });
  });

  test.each([
    [{ action: 'answer', message: 'Blue.' }, 'subagents answer needs a `target`: a label, a path or an id.'],
    [
      { action: 'answer', target: 'scout' },
      'subagents answer needs a `message`, the answer, or where it asks for permission or approval a `decision`.',
    ],
  ])('with %j is an error in words', (input, words) => {
    expect(intent('subagents', input, main)).toEqual({ do: 'error', text: words });
  });
});
