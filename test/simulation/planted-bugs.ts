/**
 * Bugs to plant: each is a small change of the real source, of a kind that has been made or could be made, which
 * the simulation must find. Owns the list; `planted.test.ts` sees to it that each is found.
 */

import { bug, type PlantedBug } from './planted-bug.ts';
import { dependencyBugs } from './planted-dependency-bugs.ts';
import { planBugs } from './planted-plan-bugs.ts';
import { trustBugs } from './planted-trust-bugs.ts';

function bugApart(...about: Parameters<typeof bug>): PlantedBug {
  return { ...bug(...about), apart: true };
}

export const plantedBugs: readonly PlantedBug[] = [
  bugApart('mail whose answer was lost is taken to have arrived', [
    'runtime/outbox.ts',
    '.catch((error: unknown): undefined => {\n        if (!signal.aborted) ports.unreached(actor, to, error);\n      });',
    ".catch(() => ({ outcome: { ok: true, answer: { kind: 'accepted', upTo: 1e9 } }, last: 1e9 }));",
  ]),
  bugApart('forgotten sessions stay where they are kept', [
    'runtime/removal.ts',
    'await removePeers(ids, signal);\n      if (!removeLogs(ids)) return;\n      ports.log.removed(chat, { whole: false',
    'if (!removeLogs(ids)) return;\n      ports.log.removed(chat, { whole: false',
  ]),
  bugApart('calls that were lost with an eviction cost nothing', [
    'core/outages.ts',
    'callsLost(d);',
    'if (!evicted) callsLost(d);',
  ]),
  bugApart('a command to a session is done by whoever is asked', [
    'runtime/runtime.ts',
    'elsewhere(session)?.send(mail) ?? {',
    '(undefined as Sent | undefined) ?? {',
  ]),
  bug('an ending leaves those below alive', ['core/ending.ts', '    killChildren(d);\n', '']),
  bug('a kill of a descendant is not passed on', [
    'core/post.ts',
    "if (card && !isRefusal(card)) delegation.kill(d, [card], body.by === 'parent' ? 'ancestor' : body.by);",
    '',
  ]),
  bug('a kill does not end what a steer before it resumes', [
    'core/post.ts',
    'if (hasEnded(state)) revive(d);\n',
    'if (hasEnded(state)) void state;\n',
  ]),
  bug('what a kill was aimed at is called dead before it is', [
    'core/subagents.ts',
    'return isEnded(card.status) && card.unswept === undefined;',
    'return card.attempt > 0;',
  ]),
  bug('processes of an ended attempt are not swept', [
    'core/evolve.ts',
    '...(state.processes\n',
    '...(state.processes && state.attempt > 9\n',
  ]),
  bug('a tool call that was cut off runs', [
    'model/answer.ts',
    'if (cut && at === blocks.length - 1) continue;',
    '',
  ]),
  bug('blank blocks are stored', ['model/answer.ts', "if (block.text.trim() === '') return undefined;", '']),
  bug('a step that is given up leaves its calls open', [
    'core/ending.ts',
    "if (step.phase === 'tools') closeCalls(d, because);",
    '',
  ]),
  bug('mail is accepted twice', [
    'core/mailbox.ts',
    "if (n <= last) return 'seen';",
    "if (n <= last) return 'next';",
  ]),
  bug('mail is taken twice', [
    'core/mailbox.ts',
    'waiting: box.waiting.filter((letter) => !wanted.has(letter.id)),',
    'waiting: box.waiting,',
  ]),
  bug(
    'an ending is announced before it is committed',
    ['core/ending.ts', '  announce(d, result, closing.wakes);\n}', '}'],
    [
      'core/ending.ts',
      '  if (!mustClose(d.state)) closeAttempt(d, undefined);\n',
      '  announce(d, ending.result, ending.wakes ?? true);\n  if (!mustClose(d.state)) closeAttempt(d, undefined);\n',
    ],
  ),
  bug('an announcement does not wake', [
    'core/evolve-mail.ts',
    "wakes: body.wakes && child?.spec.announce !== 'quiet',",
    'wakes: false,',
  ]),
  bug(
    'a steer between the last answer and the ending is lost',
    [
      'core/advance.ts',
      'return readable(state).filter((letter) => letter.wakes);',
      "return readable(state).filter((letter) => letter.wakes && !(state.spoke && letter.kind === 'steer'));",
    ],
    ['core/ending.ts', "some((letter) => letter.kind === 'steer')", 'some(() => false)'],
  ),
  bug('a task that was never heard is forgotten', [
    'core/evolve-mail.ts',
    '...(unheard\n',
    '...(unheard && !state.kind\n',
  ]),
  bug(
    'a repeated request is done again',
    [
      'runtime/actor.ts',
      '    const stored = store.key(id, key.id);\n',
      '    const stored = store.key(id, `?`.concat(key.id));\n',
    ],
    ['runtime/actor.ts', '...(key ? { key: { ...key, answer', '...(key && !id ? { key: { ...key, answer'],
  ),
  bug('a tool whose outcome is unknown runs again', [
    'core/outages.ts',
    '&& !call.repeatable) {',
    '&& !call) {',
  ]),
  bug('a stop settles nothing', [
    'core/decide.ts',
    "  abandonStep(d, 'stop');\n  settleAll(d, 'withdrawn');\n",
    "  abandonStep(d, 'stop');\n",
  ]),
  bug('a prefix is rendered anew', [
    'core/transcript.ts',
    '...marked(params, messagesOf(entries), [earlierEnd, latestEnd], mark),',
    "...marked(params, messagesOf(entries).map((one, at) => (at > 0 && at < earlierEnd - 2 && one.role === 'user' ? { role: one.role, content: [...one.content].map((block) => (block.type === 'text' ? { ...block, text: ' '.concat(String(block.text)) } : block)) } : one)), [earlierEnd, latestEnd], mark),",
  ]),
  bug('a new prefix keeps thoughts that are bound to the old one', [
    'core/carry-over.ts',
    "if (block.type === 'tool_use') return [block];",
    "if (block.type === 'tool_use' || block.type === 'thinking') return [block];",
  ]),
  bug('a new prefix splits a call from its result', [
    'core/carry-over.ts',
    "return block.type !== 'tool_result' || open.has(id) ? block",
    'return block.type || open.has(id) ? block',
  ]),
  bug('a new prefix ends on calls whose thoughts it left out', [
    'core/carry-over.ts',
    'const trimmed = tellLatestCalls(kept);',
    'const trimmed = kept.length > 0 ? kept : tellLatestCalls(kept);',
  ]),
  bug('words that the API refused are neither read nor given up', [
    'core/steps.ts',
    "      settle(d, letter, 'withdrawn');\n      continue;",
    '      continue;',
  ]),
  bug('a summary is not paid for', [
    'core/compaction.ts',
    'reserved: held ?? none',
    'reserved: { ...none, maxTokens: most }',
  ]),
  bug('a summary makes the task forgotten', [
    'core/compaction.ts',
    "if (kind === 'task') sections.push(",
    "if (kind === 'task' && text === '') sections.push(",
  ]),
  bug('a summary makes open questions forgotten', [
    'core/standing-facts.ts',
    'const asks = (card.requests ?? []).map(',
    'const asks = (card.requests ?? []).slice(9).map(',
  ]),
  bug('a summary makes subagents forgotten', [
    'core/standing-facts.ts',
    'const live = cards.filter((card) => !isEnded(card.status));',
    'const live = cards.filter((card) => !isEnded(card.status) && card.parent === card.id);',
  ]),
  bug("people's words stand behind announcements", [
    'core/steps.ts',
    '  message: 0,\n  steer: 1,\n',
    '  message: 3,\n  steer: 1,\n',
  ]),
  bug('a request leaves a part of the mail waiting', [
    'core/steps.ts',
    '[...readable(state)].sort(inOrder)',
    '[...readable(state)].sort((a, b) => inOrder(b, a)).slice(0, 1)',
  ]),
  bug('what was at work before a crash is not taken up', [
    'runtime/runtime.ts',
    'const ids = store.wanting();',
    'const ids = store.wanting().slice(0, 1);',
  ]),
  bug('a child that was resumed is never given a place', [
    'core/subagents.ts',
    '?.admitted ?? 0) < card.attempt &&',
    '?.admitted ?? 0) === 0 &&',
  ]),
  bug('one child too many works', [
    'core/delegation.ts',
    'let free = rules.maxChildren -',
    'let free = rules.maxChildren + 1 -',
  ]),
  bug('spawns that are lent are not counted', [
    'core/evolve.ts',
    'spend(state, at, event.spawns)',
    'spend(state, at, 0)',
  ]),
  bug('a request is acknowledged before it is durable', [
    'runtime/actor.ts',
    '    return new Promise((resolve) => {\n      committer.add(',
    '    return new Promise((resolve) => {\n      resolve(outcome);\n      committer.add(',
  ]),
  bug('a session that wants something is not flagged', [
    'runtime/actor.ts',
    'wants: wants(state).length > 0,',
    'wants: state.step !== undefined,',
  ]),
  bug('the time limit begins anew with every event', [
    'runtime/work-clock.ts',
    'ms - (total + open() - from)',
    'ms - (done + open() + 0 * from)',
  ]),
  bug('what was set aside for a call stays set aside', [
    'core/evolve-money.ts',
    'const { [call]: _, ...held } = today.held;',
    'const { ...held } = today.held;',
  ]),
  bug('a share does not come back', [
    'core/evolve-money.ts',
    'const { granted: _, ...money } = child.money;',
    'const { ...money } = child.money;',
  ]),
  bug('a call that a crash cut costs nothing', [
    'core/spending.ts',
    "cut(d, call, { how: 'open' });",
    "cut(d, call, { how: 'unsent' });",
  ]),
  bug('an answer that breaks off costs nothing', [
    'runtime/calls.ts',
    "if (bill.cut.how !== 'unsent') {",
    "if (bill.cut.how === 'over') {",
  ]),
  bug("a new day's budget begins where the old one ended", [
    'core/budget.ts',
    'own: nothing, closed: nothing, noticed: 0 };',
    'noticed: 0 };',
  ]),
  bug('a clock that goes back brings a day back', [
    'core/budget.ts',
    'if (at < account.until) return account;',
    'if (dayOf(at) === account.day) return account;',
  ]),
  bug('what subagents were given is given again', [
    'core/budget.ts',
    'plus(heldOf(account), claims(state)))',
    'heldOf(account))',
  ]),
  bug('a card forgets that its announcement was read', [
    'core/subagents.ts',
    '...(told ? { announcement: known.announcement } : {}),',
    '...(told && !child ? { announcement: known.announcement } : {}),',
  ]),
  bug('an answer is taken though another one is on its way', [
    'core/subagents.ts',
    'const open = requests.filter(({ id }) => id !== request);',
    'const open = requests;',
  ]),
  bug('news that an answer overtook opens its question again', [
    'core/subagents.ts',
    'const open = requests.filter(({ id }) => !tree.answered.includes(id));',
    'const open = requests;',
  ]),
  bug('a question outlives the step that is given up', ['core/ending.ts', '    withdraw(d, call);\n', '']),
  bug('who waits for an answer holds a place', [
    'core/subagents.ts',
    "if (card.status === 'running') n += 1;",
    "if (card.status === 'running' || card.status === 'input_required') n += 1;",
  ]),
  bug('a steer leaves a question open', ['core/post.ts', 'else giveWay(d);', 'else void giveWay;']),
  bug('an answer stays with the session above', [
    'core/input-answers.ts',
    "if (card && open && !('message' in open)) pass(",
    "if (card?.parent === d.state.chat && open && !('message' in open)) pass(",
  ]),
  bug('a question that was answered is read all the same', [
    'core/input-answers.ts',
    "  settle(d, letter, 'withdrawn');\n",
    '',
  ]),
  bug('a restart is a crash for whoever waits for an answer', [
    'core/outages.ts',
    'if (!isBusy(state) && !opens && !state.renewal) return;',
    'if (!state.step && !opens && !state.renewal) return;',
  ]),
  bug('a search that was given up stays open', [
    'core/steps.ts',
    '...(open && !goesOn && adds.length > 0 ? { closes: closing(state.serverCalls) } : {}),',
    '',
  ]),
  ...trustBugs,
  ...dependencyBugs,
  ...planBugs,
];
