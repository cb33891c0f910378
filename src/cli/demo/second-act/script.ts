/** The whole script that plays the model in the second act. */
import type { ScriptFunction } from '../../../simulator/script.ts';
import { paced } from '../pace.ts';
import { assistantReply } from './assistant.ts';
import { workerOf, workerReply } from './workers.ts';

export const secondScript: ScriptFunction = paced({
  assistant: assistantReply,
  subagent(request) {
    const label = workerOf(request);
    return label && workerReply(label, request);
  },
  ponderMs: { assistant: 150, subagent: 200 },
});
