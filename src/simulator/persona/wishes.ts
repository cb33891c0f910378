/** What a person plainly asks for: words in, wishes out. Knows a handful of phrases and nothing of tools. */

export type Wish =
  | { readonly kind: 'spawn'; readonly label: string | undefined; readonly task: string }
  | { readonly kind: 'steer'; readonly target: string; readonly message: string }
  | { readonly kind: 'kill'; readonly target: string }
  | { readonly kind: 'show'; readonly target: string }
  | { readonly kind: 'list' };

const defaultTask = 'Look around in your folder and report what you find.';
const mostAtOnce = 8;
const numbers = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];

const agentWord = '(?:sub-?agents?|agents?|helpers?|workers?)';
const spawning = new RegExp(
  String.raw`\b(?:spawn|start|launch|create|make|run)\s+(?:(?:me|up)\s+)?(?:(a|an|another|one|two|three|four|five|six|seven|eight|\d+)\s+)?(?:new\s+)?${agentWord}\b([\s\S]*)`,
  'i',
);
const naming =
  /^[\s,:]*(?:(?:called|named|labell?ed)\s+)((?:[`"“'*]*[a-z0-9][\w-]*[`"”'*]*(?:\s*,\s*(?:and\s+)?|\s+and\s+)?)+?)(?=\s+(?:to|that|which|who|for)\b|[,.:;!?]|$)/i;
/** "a subagent docs to …": a single word before what it should do. */
const bareNaming = /^\s+([`"“'*]*[a-z0-9][\w-]*[`"”'*]*)(?=\s+(?:to|that|which|who)\b)/i;
const steering =
  /\b(?:tell|ask|steer|remind|instruct)\s+(?:the\s+)?(?:subagent\s+)?(?:(?:called|named)\s+)?[`"“']?([a-z0-9][\w/-]*)[`"”']?\s*(?:,|:|\bto\b|\bthat\b)?\s+([\s\S]+)/i;
const killing =
  /(?:\b(?:kill|terminate)|(?:^|\n|[.!?:,]\s*|\b(?:please|and|then|now|you)\s+)(?:stop|cancel|end|abort))\s+(?:the\s+)?(?:subagent\s+)?(?:(?:called|named)\s+)?[`"“']?([a-z0-9][\w/-]*)/i;
const showing =
  /\b(?:show|open|read)\s+(?:me\s+)?(?:(?:the\s+)?(?:result|output|work)\s+of\s+)?(?:the\s+)?(?:subagent\s+)?(?:(?:called|named)\s+)?[`"“']?([a-z0-9][\w/-]*)/i;
const listing =
  /\b(?:list|status|progress)\b|\bwhat\s+(?:are|is)\s+[\w\s-]*(?:doing|up to|working on)\b|\bhow\s+(?:are|is)\s+[\w\s-]*(?:doing|going|getting on)\b|\bwho\s+is\s+(?:working|running)\b/i;

/** Words that follow "tell", "stop" and the like without being anybody's label. */
const notLabels = new Set(
  'me us him her it that this the a an my your our yourself about how what when where who why if whether for with now please talking being doing'.split(
    ' ',
  ),
);
const everyone = new Set([
  'all',
  'everything',
  'everyone',
  'everybody',
  'them',
  'subagents',
  'agents',
  'both',
]);

/** All that a message asks for, in its order; empty for mere talk. */
export function wishesIn(text: string): Wish[] {
  return clauses(text).flatMap(wishIn);
}

/** "Start a subagent called a to x and one called b to y" asks for two things. */
function clauses(text: string): string[] {
  const again = new RegExp(
    String.raw`(?:,|;|\.)?\s+(?:and|then)\s+(?:also\s+)?(?=(?:an?|another|one)\s+(?:${agentWord}\b|called\b|named\b))`,
    'gi',
  );
  const parts = text.split(again);
  return parts.flatMap((part, index) => {
    const whole =
      index === 0
        ? part
        : `start a subagent ${part.replace(/^(?:an?|another|one)\s+/i, '').replace(new RegExp(`^${agentWord}\\s*`, 'i'), '')}`;
    return whole.split(
      /(?<=[.!?])\s+(?=(?:then\s+|and\s+)?(?:spawn|start|launch|tell|ask|steer|kill|stop|list|show)\b)|\s+and\s+(?=(?:tell|steer|kill)\s)/i,
    );
  });
}

function wishIn(clause: string): Wish[] {
  const spawn = spawning.exec(clause);
  if (spawn !== null) return spawns(spawn[1], spawn[2] ?? '');
  const kill = killing.exec(clause)?.[1]?.toLowerCase();
  if (kill !== undefined && everyone.has(kill)) return [{ kind: 'kill', target: 'all' }];
  if (kill !== undefined && !notLabels.has(kill)) return [{ kind: 'kill', target: kill }];
  const steer = steering.exec(clause);
  const target = steer?.[1];
  const message = steer?.[2]?.trim();
  if (target !== undefined && message !== undefined && !notLabels.has(target.toLowerCase()))
    return [{ kind: 'steer', target: target.toLowerCase(), message }];
  if (listing.test(clause)) return [{ kind: 'list' }];
  const show = showing.exec(clause)?.[1]?.toLowerCase();
  if (show !== undefined && !notLabels.has(show)) return [{ kind: 'show', target: show }];
  return [];
}

function spawns(amount: string | undefined, rest: string): Wish[] {
  const named = naming.exec(rest) ?? bareNaming.exec(rest);
  const labels = (named?.[1] ?? '')
    .split(/\s*,\s*(?:and\s+)?|\s+and\s+/)
    .map(labelOf)
    .filter((label) => label !== '');
  const task = rest
    .slice(named?.[0].length ?? 0)
    .replace(/^[\s,:.]*(?:(?:to|that|which|who|for)\b)?[\s:,]*/i, '')
    .replace(/[\s,;]+$/, '');
  const count = Math.min(mostAtOnce, Math.max(labels.length, countOf(amount)));
  return Array.from({ length: count }, (_, index) => ({
    kind: 'spawn',
    label: labels[index] ?? (count > 1 ? `helper-${index + 1}` : undefined),
    task: `${task === '' ? defaultTask : task}${count > 1 && task !== '' ? ` (Part ${index + 1} of ${count}.)` : ''}`,
  }));
}

function countOf(amount: string | undefined): number {
  if (amount === undefined) return 1;
  const word = numbers.indexOf(amount.toLowerCase());
  return Math.max(1, word > 0 ? word : Number.parseInt(amount, 10) || 1);
}

function labelOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 48);
}
