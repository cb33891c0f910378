/**
 * Bugs to plant in what sessions may do by themselves and in what is believed of their work. Owns this part of the
 * list; `planted.test.ts` sees to it that each is found.
 */
import { bug, type PlantedBug } from './planted-bug.ts';

export const trustBugs: readonly PlantedBug[] = [
  bug('a call starts before it is allowed', [
    'core/tool-calls.ts',
    "if (call.state !== 'open' || awaitsPermission(call)) continue;",
    "if (call.state !== 'open') continue;",
  ]),
  bug(
    'what is denied runs',
    [
      'core/input-answers.ts',
      "request.kind === 'permission' && decision === 'allow'",
      "request.kind === 'permission'",
    ],
    ['core/evolve.ts', "if (event.decision !== 'allow') return state;", ''],
  ),
  bug('newer words leave a permission open', [
    'core/input-answers.ts',
    'if (!call.request && !asks) continue;',
    'if (!call.request || asks) continue;',
  ]),
  bug('a person waits for an answer that is asked of people', [
    'core/say.ts',
    'else giveWay(d);',
    'else void giveWay;',
  ]),
  bug('a restart asks for permission again', [
    'core/outages.ts',
    '  callsLost(d);\n',
    "  callsLost(d);\n  for (const { key, request } of state.step?.calls ?? []) if (request?.kind === 'permission') d.add({ type: 'input.requested', call: key, request });\n",
  ]),
  bug('newer words leave what is still to be asked for', [
    'core/input-answers.ts',
    'const asks = awaitsPermission(call);',
    'const asks = awaitsPermission(call) && call.request !== undefined;',
  ]),
  bug('more is asked at a time than may be', [
    'core/input.ts',
    'MAX_OPEN_REQUESTS = 4;',
    'MAX_OPEN_REQUESTS = 5;',
  ]),
  bug('a plan that was approved holds for the next attempt', [
    'core/evolve.ts',
    '        planned: false,\n',
    '',
  ]),
  bug('a plan that was not approved is carried out', [
    'core/evolve.ts',
    "if (event.decision !== 'allow') return state;",
    "if (event.decision === undefined || event.request.kind !== 'plan') return event.decision === 'allow' ? withCall(state, event.call, (call) => ({ ...call, allowed: true })) : state;",
  ]),
  bug('a child is trusted as far as its parent wishes', [
    'core/policy.ts',
    'narrower(wanted ?? most, most);',
    'wanted ?? most;',
  ]),
  bug('a session gives what is beyond its own rights', [
    'core/input-answers.ts',
    '?? beyond(d, card, open, given) ??',
    '??',
  ]),
  bug('what a person denied is told to no parent', [
    'core/input-answers.ts',
    "if (news.decision === 'deny' && news.by !== 'parent') accept(",
    "if (news.decision === 'deny' && news.by === 'ancestor') accept(",
  ]),
  bug('what was tried and is forbidden is told only by the main session', [
    'core/post.ts',
    '...(body.refused === undefined ? {} : { refused: body.refused }),',
    '',
  ]),
  bug('a check that was given up is believed', [
    'core/verification.ts',
    'state.checking !== command.n ||',
    'state.checks < command.n ||',
  ]),
  bug('whoever was sent back once is believed', [
    'core/verification.ts',
    'if (commands.length === 0) return complete(d);',
    'if (commands.length === 0 || d.state.unverified > 0) return complete(d);',
  ]),
  bug('what does not hold goes back once too often', [
    'core/verification.ts',
    'MAX_UNVERIFIED = 3;',
    'MAX_UNVERIFIED = 4;',
  ]),
  bug('a result in its form is not asked for', [
    'core/verification.ts',
    'if (resultSchema && submitted === undefined) {',
    "if (resultSchema && submitted === '') {",
  ]),
  bug('processes of a check are not swept', [
    'core/evolve.ts',
    '        // Its commands may leave processes, as a tool may.\n        processes: true,\n',
    '',
  ]),
];
