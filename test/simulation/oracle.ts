/**
 * The judge of a simulated world that has come to rest: holds all its logs and requests against the promises that
 * must be kept whatever crashed when. Looks at what was written and sent, never at how it came about.
 */
import { chronicleOf } from './oracle/chronicle.ts';
import { judgeDependencies } from './oracle/dependencies.ts';
import { judgeFeed } from './oracle/feed.ts';
import { judgeForgetting } from './oracle/forgetting.ts';
import { judgeMail } from './oracle/mail.ts';
import { judgeMoney } from './oracle/money.ts';
import { judgePermissions } from './oracle/permissions.ts';
import { judgePlans } from './oracle/plans.ts';
import { judgePrefixes } from './oracle/prefixes.ts';
import { judgeQuestions } from './oracle/questions.ts';
import { judgeRequests } from './oracle/requests.ts';
import { judgeSessions } from './oracle/sessions.ts';
import { judgeTree } from './oracle/tree.ts';
import { judgeTrust } from './oracle/trust.ts';
import { judgeVerification } from './oracle/verification.ts';
import type { World } from './world.ts';

/** Every breach that is found, in words; empty for a world in which all promises were kept. */
export function judge(world: World): string[] {
  const { chronicle, violations } = chronicleOf(world);
  return [
    ...world.faults,
    ...world.witness.refused,
    ...world.people.complaints,
    ...violations,
    ...judgeMail(chronicle),
    ...judgeRequests(chronicle),
    ...judgePrefixes(chronicle),
    ...judgeSessions(chronicle),
    ...judgeTree(chronicle),
    ...judgeDependencies(chronicle),
    ...judgePlans(chronicle),
    ...judgeQuestions(chronicle),
    ...judgePermissions(chronicle),
    ...judgeTrust(chronicle),
    ...judgeVerification(chronicle),
    ...judgeFeed(chronicle),
    ...judgeForgetting(chronicle),
    ...judgeMoney(chronicle),
  ];
}
