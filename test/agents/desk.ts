/**
 * What an outside agent needs to work with a gateway, offline: a house, a scripted model of the agent's own, a home and a
 * folder with nothing in them, and a `tidings` on its way to programs. Owns all but the agent.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Script } from '../../src/simulator/script.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { program } from '../cli/tidings.ts';
import type { Chat } from '../e2e/client.ts';
import { openProcessHouse, type ProcessHouse } from '../e2e/harness.ts';
import type { AgentProcess, Environment } from './agent-process.ts';

/** Agents take seconds to start, and longer while other things run, too. */
const PATIENCE_MS = 90_000;

export interface Desk {
  readonly house: ProcessHouse;
  /** The agent's model: it takes what other programs send, which is more than our rules know. */
  readonly model: Simulator;
  /** What its model was asked, oldest first. */
  readonly asked: readonly ParsedRequest[];
  /** Where the agent works. */
  readonly work: string;
  /** Its whole environment, but for what only this agent knows. */
  readonly environment: Environment;
  /** Resolves as soon as it holds; fails with what the agent printed. */
  until(condition: () => boolean, agent: AgentProcess): Promise<void>;
  /** The chats that the gateway keeps for its MCP clients. */
  chats(): Promise<Chat[]>;
}

const chatsSchema = z.object({
  chats: z.array(z.object({ id: z.string(), lead: z.literal('program') })),
});

/**
 * @param team what the subagents' model says
 * @param outer what the agent's says
 */
export async function openDesk(team: Script, outer: Script): Promise<Desk> {
  const house = await openProcessHouse({ script: team });
  const asked: ParsedRequest[] = [];
  const model = await startSimulator({
    script: outer,
    strict: false,
    onRequest: (request) => void asked.push(request),
  });
  onTestFinished(() => model.close());
  const [home, work, bin, temporary] = ['home', 'work', 'bin', 'tmp'].map((name) => join(house.folder, name));
  if (!home || !work || !bin || !temporary) throw new Error('there are four folders');
  for (const folder of [home, work, bin, temporary]) mkdirSync(folder);
  const command = join(bin, 'tidings');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(command, 0o755);
  return {
    house,
    model,
    asked,
    work,
    environment: {
      PATH: [bin, process.env.PATH ?? ''].join(delimiter),
      HOME: home,
      TMPDIR: temporary,
      // Nothing is to be fetched while it works.
      npm_config_registry: 'http://127.0.0.1:9',
      TIDINGS_URL: house.url,
      TIDINGS_TOKEN: house.token,
    },
    until: (condition, agent) =>
      Promise.any([model.until(condition, PATIENCE_MS), house.simulator.until(condition, PATIENCE_MS)]).catch(
        () =>
          expect.fail(
            `${asked.length} requests of the agent, the last with ${JSON.stringify(asked.at(-1)?.lastUserBlocks)}, and it printed:\n${agent.printed}`,
          ),
      ),
    async chats() {
      const { chats } = chatsSchema.parse((await house.client.get('/v1/chats')).body);
      return chats.map(({ id }) => house.client.chat(id));
    },
  };
}

/** Requests of the agent's model in which these words are new: in what came since its last answer. */
export function heard(desk: Desk, words: string): ParsedRequest[] {
  return desk.asked.filter(
    ({ lastUserText, toolResults }) =>
      lastUserText.includes(words) || toolResults.some(({ text }) => text.includes(words)),
  );
}

/** The mark up to which news may be acknowledged, as the last answer of the tool named it. */
export function readUpTo({ toolResults }: ParsedRequest): string {
  const found = toolResults
    .map(({ text }) => /\bread\\?"?:? ?\\?"(\d+-\w+)/.exec(text)?.[1])
    .find((one) => one);
  if (found === undefined) throw new Error(`no mark stands in: ${toolResults.map(({ text }) => text)}`);
  return found;
}
