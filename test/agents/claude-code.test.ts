/**
 * A real Claude Code is an MCP client of a real gateway, offline: it hands work out and goes on, hears by itself what
 * comes of it, and looks after it. Only the two models are scripted.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cast } from '../e2e/cast.ts';
import { inBackground, listener, startClaudeCode, toolOf } from './claude-code.ts';
import { heard, openDesk, readUpTo } from './desk.ts';
import { spawns, team } from './team.ts';

/** What the documentation says to put into `.mcp.json`. */
const documentation = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'mcp.md'), 'utf8');
const examples = [...documentation.matchAll(/```json\n(.+?)```/gs)].map(([, json = '']) => json);

describe('Claude Code', () => {
  test('with our plugin opens its skill, spawns, hears the news by itself, steers and kills', async () => {
    const tool = toolOf('plugin');
    const listening = inBackground('tidings wait --as claude-code');
    const outer = listener([
      { toolCalls: [{ name: 'Skill', input: { skill: 'tidings:subagents' } }] },
      { toolCalls: spawns(tool) },
      { toolCalls: [listening] },
      { text: 'Two are looking into it.' },
      {
        toolCalls: [
          tool('subagents', { action: 'steer', target: 'sound', message: 'Only the loudest.' }),
          listening,
        ],
      },
      { text: 'It is blue; I wait for the sound.' },
      { toolCalls: [tool('subagents', { action: 'list' })] },
      { toolCalls: [tool('subagents', { action: 'kill', target: 'sound' })] },
      { text: 'All is over.' },
    ]);
    const desk = await openDesk(team, outer);
    const { house } = desk;
    const claude = startClaudeCode(desk, 'plugin');
    claude.say('Look into it.');
    await desk.until(() => desk.asked.length === 4, claude);
    expect(heard(desk, 'tidings wait --as claude-code')).toHaveLength(1);
    await desk.until(
      () => house.simulator.waiting('colour') + house.simulator.waiting('sound') === 2,
      claude,
    );

    // Nobody says anything to it from here on: what makes it go on is the news alone.
    house.simulator.open('colour');
    await desk.until(() => heard(desk, 'queued').length + heard(desk, 'Queued').length > 0, claude);
    house.simulator.open('sound');
    await desk.until(() => house.simulator.waiting('sound once more') === 1, claude);
    expect(house.requests.at(-1)?.lastUserText).toContain('Only the loudest.');

    claude.say('That is enough.');
    await desk.until(() => heard(desk, 'status="killed"').length > 0, claude);
    expect(await claude.end(), claude.printed).toBe(0);
    expect(heard(desk, 'status="completed"')).toHaveLength(1);
    expect(heard(desk, 'status="killed"')).toHaveLength(1);
    const [chat, ...others] = await desk.chats();
    expect(others).toEqual([]);
    const ofIt = { parent: chat?.id, announcement: 'read' };
    expect(await chat?.subagent('colour')).toMatchObject({ ...ofIt, status: 'completed' });
    expect(await chat?.subagent('sound')).toMatchObject({ ...ofIt, status: 'killed' });
  });

  test.each([
    ['an address', '"type": "http"'],
    ['a server that it starts itself', '"command": "tidings"'],
  ])('with %s in .mcp.json spawns, waits for the news with a tool, and acknowledges it', async (_, mark) => {
    const file = examples.find((one) => one.includes(mark)) ?? 'there is no such example';
    const tool = toolOf('file');
    const outer = cast({
      'Look into it.': [
        { toolCalls: spawns(tool) },
        { toolCalls: [tool('news', { wait_seconds: 50 })] },
        (request) => ({ toolCalls: [tool('news', { read: readUpTo(request) })] }),
        { toolCalls: [tool('subagents', { action: 'kill', target: 'all' })] },
        { text: 'It is blue.' },
      ],
    });
    const desk = await openDesk(team, outer);
    const claude = startClaudeCode(desk, { file: file.replace('http://127.0.0.1:8787', desk.house.url) });
    claude.say('Look into it.');
    await desk.until(() => desk.asked.length === 2, claude);
    desk.house.simulator.open('colour');
    await desk.until(() => desk.asked.length === 5, claude);
    expect(await claude.end(), claude.printed).toBe(0);
    const [told, ...again] = heard(desk, '<subagent-announcement ');
    expect(again).toEqual([]);
    // What it reports stands within its fence, and nowhere else: neither in words nor in what is made for programs.
    const words = told?.toolResults.map(({ text }) => text).join('\n') ?? '';
    expect(
      words.match(/<subagent-announcement [^>]*>\S*\s*It is blue\.\S*\s*<\/subagent-announcement /),
    ).not.toBeNull();
    expect(words.match(/It is blue\./g)).toHaveLength(1);
    const [chat] = await desk.chats();
    const ofIt = { parent: chat?.id };
    expect(await chat?.subagent('colour')).toMatchObject({
      ...ofIt,
      status: 'completed',
      announcement: 'read',
    });
    expect(await chat?.subagent('sound')).toMatchObject({
      ...ofIt,
      status: 'killed',
      announcement: 'pending',
    });
  });
});
