/** What must be read before anything can be shown, asked for until the gateway answers. Knows nothing of what that is. */
import { waitAfter } from '../../client/request.ts';
import { pause } from '../../client/waiting.ts';

/**
 * @param lost called whenever nobody answered
 * @throws what no asking again would mend, and the last failure once the signal is aborted
 */
export async function insist<Answer>(
  ask: () => Promise<Answer>,
  signal: AbortSignal,
  lost: () => void,
): Promise<Answer> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await ask();
    } catch (error) {
      const wait = waitAfter(error, attempts);
      if (wait === undefined || signal.aborted) throw error;
      lost();
      await pause(wait, signal);
    }
  }
}
