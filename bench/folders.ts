/** Data folders as a gateway leaves them: made by the real runtime and store, in a process that is then killed. */
import { z } from 'zod';
import { startPeer } from './rpc.ts';

/**
 * A folder (its `data`) whose gateway was killed with `working` of `all` sessions at work. Their requests wait
 * at `gate` when they are sent again.
 */
export async function killedAtWork(
  folder: string,
  size: { readonly all: number; readonly working: number; readonly gate: string },
): Promise<void> {
  const peer = await startPeer('./folder-process.ts');
  await peer.call('atWork', { folder, ...size }, z.null());
  // Without a word to the process: what it had committed is what there is.
  await peer.stop();
}

/** Two chats with the same transcript; the log of the one has `events` events, most of them its subagent's news. */
export async function longAndShort(folder: string, events: number): Promise<{ long: string; short: string }> {
  const peer = await startPeer('./folder-process.ts');
  const chats = await peer.call(
    'longAndShort',
    { folder, events },
    z.object({ long: z.string(), short: z.string() }),
  );
  await peer.stop();
  return chats;
}

/** A chat to which people have said `messages` things, while its assistant was at the first one. */
export async function manyMessages(folder: string, messages: number): Promise<string> {
  const peer = await startPeer('./folder-process.ts');
  const chat = await peer.call('manyMessages', { folder, messages }, z.string());
  await peer.stop();
  return chat;
}
