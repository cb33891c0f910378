/** The end of the demo: its checklist, what to do next, and the exit code that says whether all holds. */
import type { Check } from './check.ts';
import type { Timeline } from './timeline.ts';

/** What was checked of one part of the demo. */
export interface Part {
  readonly title: string;
  readonly checks: readonly Check[];
}

/** Prints what was found and what to do next; returns the exit code. */
export function verdict(timeline: Timeline, parts: readonly Part[]): number {
  timeline.rule('What this demo has checked by itself');
  for (const { title, checks } of parts) {
    timeline.say(`${title}:`, 'bold');
    for (const { ok, what, found } of checks) {
      if (ok === undefined) timeline.item('–', `${what} (not checked: this system has no /proc)`, 'yellow');
      else if (ok) timeline.item('✓', what, 'green');
      else timeline.item('✗', `${what}. Found: ${found}`, 'red');
    }
  }
  timeline.gap();
  const all = parts.flatMap(({ checks }) => checks);
  const wrong = all.filter(({ ok }) => ok === false).length;
  if (wrong > 0) {
    timeline.say(`${wrong} of ${all.length} checks failed.`, 'red');
    return 1;
  }
  timeline.say(`All ${all.length} hold.`, 'green');
  timeline.gap();
  timeline.say('What next:');
  timeline.item(
    '  npm start ',
    'the gateway, on http://127.0.0.1:8787. Without ANTHROPIC_API_KEY the simulator chats with you.',
  );
  timeline.item('  README.md ', 'what Tidings promises, and how to use it.');
  return 0;
}
