/**
 * Truth: a subagent of which something must hold has completed only when a check that nothing came after says so, and
 * has handed in what was asked for; what does not hold goes back to it three times in an attempt, and then ends it.
 */
import { mailId } from '../../../src/core/ids.ts';
import type { Check } from '../workshop.ts';
import { type Chronicle, commitAt, type History, together } from './chronicle.ts';

const TIMES = 3;

export function judgeVerification(chronicle: Chronicle): string[] {
  return [...chronicle.sessions.values()].flatMap((history) => [
    ...attempts(chronicle, history),
    ...told(history),
  ]);
}

/** A check that has begun and that nothing came after yet. */
interface Checking {
  readonly n: number;
  readonly since: number;
}

function attempts({ world }: Chronicle, history: History): string[] {
  const { id, name, log, states, end } = history;
  const { commands = [], resultSchema } = end.spec?.doneWhen ?? {};
  const found: string[] = [];
  let checks = 0;
  let attempt = 1;
  let failed = 0;
  let submitted: string | undefined;
  let checking: Checking | undefined;
  const steers = new Set<string>();

  /** Whether a check came to this outside, since it began by the log and before what followed from it. */
  const cameTo = (holds: boolean, index: number): boolean =>
    world.checks.some(
      (one: Check) =>
        one.session === id &&
        one.attempt === attempt &&
        one.holds === holds &&
        one.began >= (checking?.since ?? Number.POSITIVE_INFINITY) &&
        (one.ended ?? Number.POSITIVE_INFINITY) < commitAt(history, index).transaction &&
        one.commands.join() === commands.join(),
    );

  log.forEach(({ event, seq }, index) => {
    const say = (what: string): void => void found.push(`${name} ${seq}: ${what}`);
    const before = states[index - 1];
    switch (event.type) {
      case 'attempt.started':
        attempt = event.attempt;
        failed = 0;
        submitted = undefined;
        checking = undefined;
        break;
      case 'step.requested':
        checking = undefined;
        // Newer words may ask for another result.
        if (event.takes.some((letter) => steers.has(letter))) submitted = undefined;
        break;
      case 'mail.accepted':
        if (event.body.kind === 'steer') steers.add(mailId(event.sender, event.n));
        break;
      case 'result.submitted':
        submitted = event.result;
        if (!resultSchema) say('handed in a result of a form that nobody asked for');
        else if (!event.result.includes('"colour"')) say('handed in a result that does not fit');
        break;
      case 'verification.started':
        if (event.n !== checks + 1) say(`check ${event.n} follows check ${checks}`);
        if (commands.length === 0) say('is checked, and nothing was to be checked');
        if (checking || before?.step || before?.closing) say('is checked while something else goes on');
        checks = event.n;
        checking = { n: event.n, since: commitAt(history, index).transaction };
        break;
      case 'verification.failed': {
        failed += 1;
        if (checking && !cameTo(false, index)) say(`check ${checking.n} did not fail`);
        checking = undefined;
        const closes = together(history, index).some((one) => one.event.type === 'attempt.closing');
        if (failed > TIMES && !closes) say(`its work did not hold ${failed} times, and it goes on`);
        break;
      }
      case 'attempt.closing': {
        const { status, reason, verified, result } = event;
        if ((reason === 'unverified') !== failed > TIMES)
          say(`${reason}, and ${failed} times it did not hold`);
        if (status !== 'completed') {
          if (verified !== undefined) say(`${status}, and verified by ${verified}`);
          break;
        }
        if (commands.length > 0 && !(checking && cameTo(true, index))) say('completed, and no check says so');
        if (resultSchema && result !== submitted) say('completed, and its result is not what it handed in');
        for (const one of [...commands, ...(resultSchema ? ['result_schema'] : [])]) {
          if (!verified?.includes(one)) say(`completed, verified by ${verified} and not by ${one}`);
        }
        if (!end.spec?.doneWhen && verified !== undefined)
          say(`verified by ${verified}, which nobody asked for`);
        break;
      }
      case 'attempt.ended':
        if (event.verified !== before?.closing?.verified) say(`ended as verified by ${event.verified}`);
        break;
    }
  });
  return found;
}

/** Whoever works on it is told what does not hold: as the result of its call, or in words of its own. */
function told({ name, log }: History): string[] {
  return log.flatMap(({ event, seq }, index) => {
    if (event.type !== 'verification.failed') return [];
    const before = log[index - 1]?.event;
    const after = log[index + 1]?.event;
    const misfit = before?.type === 'tool.finished' && !!before.block.is_error;
    const noted =
      after?.type === 'mail.accepted' && after.body.kind === 'note' && after.body.about === 'unverified';
    const over = after?.type === 'attempt.closing' || after?.type === 'step.abandoned';
    return misfit || noted || over ? [] : [`${name} ${seq}: it is not told what does not hold`];
  });
}
