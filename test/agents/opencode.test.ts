/**
 * A real opencode is an MCP client of a real gateway, offline: it hands work out, waits for what comes of it with a
 * tool, acknowledges it, and looks after the rest. Only the two models are scripted.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cast } from '../e2e/cast.ts';
import { heard, openDesk, readUpTo } from './desk.ts';
import { runOpencode, tool } from './opencode.ts';
import { spawns, team } from './team.ts';

/** It has its model think of a title, too. */
const outer = cast({
  'Generate a title': { text: 'Colours and sounds' },
  'Look into it.': [
    { toolCalls: spawns(tool) },
    { toolCalls: [tool('subagents', { action: 'list' })] },
    { toolCalls: [tool('subagents', { action: 'steer', target: 'sound', message: 'Only the loudest.' })] },
    { toolCalls: [tool('news', { wait_seconds: 50 })] },
    (request) => ({ toolCalls: [tool('news', { read: readUpTo(request), wait_seconds: 0 })] }),
    { toolCalls: [tool('subagents', { action: 'kill', target: 'sound' })], gate: 'kill' },
    { text: 'It is blue.' },
  ],
});

/** What the documentation says to put into `opencode.json`. */
const documentation = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'mcp.md'), 'utf8');
const [, example = ''] = /```jsonc\n(.+?)```/s.exec(documentation) ?? [];
const exampleSchema = z.strictObject({ mcp: z.strictObject({ tidings: z.looseObject({}) }) });

describe('opencode', () => {
  test.each(['over HTTP', 'by a server that it starts itself'])(
    'spawns %s, lists, steers, hears the news once, and kills',
    async (how) => {
      const desk = await openDesk(team, outer);
      const { house, model } = desk;
      const { mcp } = exampleSchema.parse(JSON.parse(example.replace('http://127.0.0.1:8787', house.url)));
      const server =
        how === 'over HTTP'
          ? mcp.tidings
          : { type: 'local', command: ['tidings', 'mcp', '--as', 'opencode'] };
      const opencode = runOpencode(desk, server, 'Look into it.');
      await desk.until(() => heard(desk, 'Queued for sound').length === 1, opencode);
      expect(heard(desk, 'running')).not.toEqual([]);
      house.simulator.open('colour');
      house.simulator.open('sound');
      await desk.until(() => model.waiting('kill') === 1, opencode);
      await desk.until(() => house.simulator.waiting('sound once more') === 1, opencode);
      expect(house.requests.at(-1)?.lastUserText).toContain('Only the loudest.');
      model.open('kill');
      expect(await opencode.ended, opencode.printed).toBe(0);
      expect(opencode.printed).toContain('It is blue.');
      expect(heard(desk, 'status="completed"')).toHaveLength(1);
      const [chat, ...others] = await desk.chats();
      expect(others).toEqual([]);
      expect(await chat?.subagent('colour')).toMatchObject({
        parent: chat?.id,
        status: 'completed',
        announcement: 'read',
      });
      expect(await chat?.subagent('sound')).toMatchObject({ parent: chat?.id, status: 'killed' });
    },
  );
});
