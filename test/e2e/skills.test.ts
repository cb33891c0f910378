/** Skills from the configuration file to the model: in the prompt, opened with the tool, and never in a start's way. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { skillText } from '../skills/folders.ts';
import { cast, isMain, resultOf, spawn } from './cast.ts';
import { startGatewayProcess } from './gateway-child.ts';
import { freshFolder, openHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

function folderWithSkills(): string {
  const folder = freshFolder();
  for (const [path, text] of Object.entries({
    'ours/pack/SKILL.md': skillText('pack', 'Packs boxes.'),
    'ours/pack/forms/a.md': 'Form A.',
    'ours/orchestrate/SKILL.md': skillText('orchestrate', 'Ours.'),
    'ours/broken/SKILL.md': 'no front matter',
  })) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const open = (input: object) => ({ name: 'skill', input: { ...input } });

test('a skill that ships is told of and opened in main sessions and subagents alike', async () => {
  const house = await openHouse({
    script: cast({
      main: [
        { toolCalls: [open({ name: 'orchestrate' }), open({ name: 'pack' })] },
        { toolCalls: [spawn('Look it up.', { label: 'reader' })] },
        { text: 'Under way.' },
      ],
      'Look it up': [{ toolCalls: [open({ name: 'orchestrate' })] }, { text: 'Read.' }],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Look it up.');
  await feed.first('announcement.read');
  for (const request of house.requests) {
    expect(request.toolNames).toContain('skill');
    expect(request.systemText).toMatch(/\n- orchestrate: How to hand work/);
  }
  const [main, child] = [true, false].map((who) => house.requests.filter((one) => isMain(one) === who));
  const [opened, missing] = main?.[1]?.toolResults ?? [];
  expect(opened?.text).toContain('# Orchestrate');
  expect(missing).toMatchObject({ isError: true, text: expect.stringContaining('pack') });
  expect(resultOf(child?.[1], 'skill')).toContain('# Orchestrate');
});

testWithProcesses(
  'main sessions and subagents are told of the same skills, and open them and their files',
  async () => {
    const house = await openHouse({
      folder: folderWithSkills(),
      config: { skills: ['ours'] },
      script: cast({
        main: [
          {
            toolCalls: [
              open({ name: 'orchestrate' }),
              open({ name: 'pack', file: '../orchestrate/SKILL.md' }),
            ],
          },
          { toolCalls: [spawn('Pack the boxes.', { label: 'boxes' })] },
          { text: 'Under way.' },
        ],
        'Pack the boxes': [
          { toolCalls: [open({ name: 'pack' }), open({ name: 'pack', file: 'forms/a.md' })] },
          { text: 'Packed.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Pack everything.');
    await feed.first('announcement.read');

    const requests = house.requests.filter((request) => request.toolNames.includes('skill'));
    expect(requests).toHaveLength(house.requests.length);
    for (const request of requests) {
      expect(request.systemText).toMatch(
        /\n- orchestrate: How to hand work.*\n- pack: Packs boxes\.\n- review: .*$/,
      );
    }
    const main = requests.filter(isMain);
    const child = requests.filter((request) => !isMain(request));
    const opened = resultOf(main[1], 'skill');
    expect(opened).toContain('# Orchestrate');
    expect(opened).toContain('may not lead out of the skill');
    expect(resultOf(child[1], 'skill')).toContain('How to pack.');
    expect(resultOf(child[1], 'skill')).toContain('Form A.');
  },
);

testWithProcesses(
  'a broken skill and a taken name are named at the start and by tidings skills, and nothing is stopped',
  async () => {
    const folder = folderWithSkills();
    const config = { skills: ['ours'], markers: ['sessions'] };
    writeFileSync(join(folder, 'tidings.config.json'), JSON.stringify(config));
    const env = { PATH: process.env.PATH ?? '', HOME: folder, PORT: '0', TIDINGS_DATA: join(folder, 'data') };
    const gateway = startGatewayProcess({ cwd: folder, env });
    await gateway.ready();
    await gateway.end('SIGTERM');
    const list = startGatewayProcess({ cwd: folder, env, command: 'skills' });
    expect((await list.exit()).code).toBe(1);
    for (const { printed } of [gateway, list]) {
      expect(printed).toContain(
        `The skill in ${folder}/ours/broken is left out: it does not begin with front matter`,
      );
      expect(printed).toContain(
        `The skill in ${folder}/ours/orchestrate is left out: the name "orchestrate" is taken`,
      );
    }
    const shipped = readdirSync(join(import.meta.dirname, '../../skills'), { withFileTypes: true });
    const folders = shipped.filter((entry) => entry.isDirectory()).length;
    // Ours is one more, and that for repositories, of which there are none, is one less: no news at each start.
    expect(list.printed).toContain(`${folders} skills:`);
    expect(list.printed).toMatch(/worktrees is left out: it is for repositories, and the configuration/);
    expect(gateway.printed).not.toContain('worktrees');
    expect(list.printed).toContain(`pack  (${folder}/ours/pack, 1 more file)`);
  },
);
