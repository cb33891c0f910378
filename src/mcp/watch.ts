/**
 * What is news to whoever keeps a line open: the addresses of resources that changed, as the feed of the parent's chat
 * says. Owns nothing between two lines: whoever comes back is told of what waits there.
 */
import type { FollowEnd } from '../client/index.ts';
import type { Parent, Resources } from './tool.ts';

/** Follows until the signal ends it, or there is nothing more to follow. What it throws, following anew won't mend. */
export async function watch(
  parent: Parent,
  resources: Resources,
  signal: AbortSignal,
  changed: (uris: readonly string[]) => void,
): Promise<FollowEnd> {
  const chat = await parent.chat();
  let failed: unknown;
  const over = new AbortController();
  const tell = (uris: Iterable<string>): void => {
    const some = [...new Set(uris)];
    if (some.length > 0) changed(some);
  };
  const end = await parent.client.follow(chat, {
    signal: AbortSignal.any([signal, over.signal]),
    onState({ state }) {
      if (state !== 'live') return;
      resources.waiting(parent).then(tell, (error: unknown) => {
        failed = error;
        over.abort();
      });
    },
    onEvents: (events) => tell(events.flatMap((event) => resources.changed(event))),
  });
  if (failed !== undefined && !signal.aborted) throw failed;
  return end;
}
