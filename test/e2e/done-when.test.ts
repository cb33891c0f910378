/** "Completed" is believed once it is checked: by commands in the workspace, by the form of the result. */
import { describe, expect, test } from 'vitest';
import { git, repository } from '../workshop/setup.ts';
import { bash, cast, firstWords, spawn } from './cast.ts';
import { openHouse } from './harness.ts';
import { describeWithProcesses } from './hosts.ts';

describeWithProcesses('a subagent whose work is checked by commands', () => {
  test('is sent back with what they printed, and its ending says what held at last', async () => {
    const app = repository();
    const house = await openHouse({
      config: { repositories: { app } },
      script: cast({
        main: [
          {
            toolCalls: [
              spawn('Write the greeting.', {
                label: 'writer',
                repo: 'app',
                done_when: {
                  commands: [
                    'test -e greeting.txt',
                    'grep -q hello greeting.txt || { echo "no hello"; exit 3; }',
                  ],
                },
              }),
            ],
          },
          { text: 'Under way.' },
          { text: 'I see.' },
        ],
        'Write the greeting': [
          { toolCalls: [bash('echo good day > greeting.txt')] },
          { text: 'Written.' },
          { toolCalls: [bash('echo hello > greeting.txt')] },
          { text: 'Now it says hello.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Write it.');
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent).toMatchObject({ status: 'completed', result: 'Now it says hello.' });
    expect(subagent.verified).toContain('test -e greeting.txt; grep -q hello greeting.txt');
    const back = house.requests.find((one) => one.lastUserText.includes('You said that you are done'));
    expect(back?.lastUserText).toContain('no hello\n[exit code 3]');
    const first = house.requests.find((one) => firstWords(one).includes('Write the greeting'));
    expect(firstWords(first ?? expect.fail())).toContain('$ test -e greeting.txt');
    await feed.first('announcement.read');
    const news = house.requests.find((one) => one.lastUserText.includes('<subagent-announcement'));
    expect(news?.lastUserText).toContain('status="completed" verified="test -e greeting.txt; ');
    expect(git(app, 'show', 'subagent/writer:greeting.txt')).toBe('hello');
    expect(await chat.subagent('writer')).toMatchObject({ verified: subagent.verified });
  });

  test('has failed as unverified when it never holds, with what was printed; one that hangs is ended', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          {
            toolCalls: [
              spawn('Fail.', { label: 'failing', done_when: { commands: ['echo broken; false'] } }),
              spawn('Hang.', {
                label: 'hanging',
                done_when: { commands: ['sleep 600'], timeout_seconds: 1 },
              }),
            ],
          },
          { text: 'Under way.' },
          { text: 'I see.' },
        ],
        'Fail.': { text: 'Done.' },
        'Hang.': [{ text: 'Done.' }, { toolCalls: [{ name: 'report', input: { progress: 'stuck' } }] }],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Try.');
    const { subagent } = await feed.first('subagent.ended', ({ subagent: { label } }) => label === 'failing');
    expect(subagent).toMatchObject({ status: 'failed', reason: 'unverified' });
    expect(subagent.result).toContain('echo broken; false\nbroken\n[exit code 1]');
    expect(subagent).not.toHaveProperty('verified');
    const told = () => house.requests.map(({ lastUserText }) => lastUserText).join('\n');
    await expect.poll(told).toContain('$ sleep 600\n(no output)\n[ended after 1 s, its time limit');
    await house.client.post(chat.path('/subagents/hanging/kill'), {});
  });
});

describe('a subagent whose result must have a form', () => {
  const result_schema = {
    type: 'object',
    properties: { colour: { enum: ['red', 'blue'] } },
    required: ['colour'],
    additionalProperties: false,
  };

  test('hands in what fits; what does not comes back with what is wrong', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Choose.', { label: 'chooser', done_when: { result_schema } })] },
          { text: 'Under way.' },
          { text: 'I see.' },
        ],
        'Choose.': [
          { toolCalls: [{ name: 'submit_result', input: { result: { colour: 'green' } } }] },
          { toolCalls: [{ name: 'submit_result', input: { result: { colour: 'blue' } } }] },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Choose.');
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent).toMatchObject({ status: 'completed', verified: 'result_schema' });
    expect(JSON.parse(subagent.result ?? '')).toEqual({ colour: 'blue' });
    const back = house.requests.find((one) =>
      one.toolResults.some(({ text }) => text.includes('does not fit')),
    );
    expect(back?.toolResults[0]?.text).toMatch(/result\/colour|"red","blue"/);
    expect(back?.toolNames).toContain('submit_result');
  });

  test('is not spawned with what is no schema, and the mistake is named', async () => {
    const house = await openHouse();
    const chat = await house.client.newChat();
    const answer = await house.client.post(chat.path('/subagents'), {
      task: 'Choose.',
      done_when: { result_schema: { type: 'colour' } },
    });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'done_when.result_schema' }] } });
    const nothing = await house.client.post(chat.path('/subagents'), { task: 'Choose.', done_when: {} });
    expect(nothing).toMatchObject({ status: 422, body: { errors: [{ path: 'done_when' }] } });
    const reviewer = await house.client.post(chat.path('/subagents'), {
      task: 'Look.',
      role: 'reviewer',
      done_when: { commands: ['npm test'] },
    });
    // Where there are no commands the field itself is unknown.
    expect(reviewer.status).toBe(422);
    expect(await chat.subagents()).toEqual([]);
  });
});
