/** The tool that spawns. Its input is that of the HTTP route, which checks it; owns what is told of it. */
import { z } from 'zod';
import type { NewSubagent } from '../../client/index.ts';
import type { McpTool } from '../tool.ts';
import { told } from '../words.ts';

/** As the route takes it: it is checked there. */
const body = z.custom<NewSubagent>((given) => typeof given === 'object' && given !== null);

/** @param input the schema of the route's body */
export function sessionsSpawn(input: z.ZodObject): McpTool {
  return {
    name: 'sessions_spawn',
    title: 'Spawn a subagent',
    description: [
      'Starts a subagent that works on a task by itself, with tools and a folder of its own, and returns at once.',
      'You are its parent: what it comes to, and what it asks, is told to you as news. Spawn several to have them',
      'work side by side. One task a subagent; it sees nothing of your conversation, so the task must say everything.',
    ].join(' '),
    input,
    async run(parent, given) {
      const { subagent, note } = await parent.client.spawn(await parent.chat(), body.parse(given));
      const { label, id, status } = subagent;
      const words = `Accepted: ${label} (${id}) is ${status}. Its news comes by the tool news, and by resource tidings://news.`;
      return told([words, ...(note === undefined ? [] : [note])].join(' '), {
        status: 'accepted',
        label,
        id,
        state: status,
        ...(note === undefined ? {} : { note }),
      });
    },
  };
}
