/**
 * A schedule: a world in which what happens next is drawn, from people's words to crashes in the middle of a
 * recovery, until the choices are used up; then it comes to rest. Owns how likely each happening is.
 */
import { type Choices, chance, pick, weighted } from './choices.ts';
import { decisionFor, spawnTerms } from './drawn-calls.ts';
import { drawnScript, POISON } from './drawn-script.ts';
import { toolset } from './life.ts';
import { CHAT, type InputAsked } from './people.ts';
import { makeWorld, type World } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** @param apart each session is kept by itself, and reached by messages */
export async function runSchedule(choices: Choices, tracing = false, apart = false): Promise<World> {
  const world = await makeWorld({
    apart,
    limits: {
      maxDepth: 2 + choices.below(2),
      maxModelCalls: 3 - choices.below(2),
      ...weighted(choices, [
        [3, { chatUsd: 1_000, subagentUsd: 10 }],
        [1, { chatUsd: 0.4, subagentUsd: 0.15 }],
        [1, { chatUsd: 1, subagentUsd: 0.2 }],
        [1, { chatUsd: 3, subagentUsd: 1 }],
      ] as const),
      trust: weighted(choices, [
        [12, { main: 'auto', subagents: 'auto' }],
        [1, { main: 'auto', subagents: 'ask' }],
        [1, { main: 'ask', subagents: 'auto' }],
        [1, { main: 'auto', subagents: 'plan' }],
        [1, { main: 'ask', subagents: 'plan' }],
      ] as const),
    },
    tracing,
  });
  const { names, requests, waiting, newTask } = world;
  world.follow(drawnScript({ choices, names, requests, waiting, newTask }));
  let actions = 4 + choices.below(8);
  const weather = weighted(choices, [
    [6, 'fair'],
    [1, 'stormy'],
    [1, 'slow'],
  ] as const);
  let outages = (weather === 'stormy' ? 8 + choices.below(6) : choices.below(4)) * (apart ? 2 : 1);
  let words = 0;

  const target = (): string => {
    const [first, ...rest] = world.names();
    if (first === undefined) return 'nobody';
    // Where it is hardest to be right: in the middle of a check, and behind the end.
    const [checked] = world.those('checked');
    if (checked !== undefined && chance(choices, 70)) return checked;
    const [ended, ...more] = world.those('ended');
    if (ended !== undefined && chance(choices, 35)) return pick(choices, [ended, ...more]);
    return chance(choices, 12) ? 'all' : pick(choices, [first, ...rest]);
  };

  /** Now and then without words, in the wrong form, or as if somebody else had asked. */
  function answer(asked: InputAsked): void {
    const decision = decisionFor(choices, asked.kind);
    world.people.answer(
      asked,
      { ...(decision ? { decision } : {}), ...(chance(choices, 12) ? { text: ' ' } : {}) },
      chance(choices, 6) ? pick(choices, [CHAT, target()]) : asked.session,
    );
  }

  function act(): void {
    const { people, life, time } = world;
    const open = waiting();
    const begun = people.askings.some(({ command: { type } }) => type === 'say' || type === 'spawn');
    const kind = weighted(choices, [
      [begun ? 10 : 60, 'say'],
      // Before anything was said there is little to be done about it.
      [begun ? 4 : 0, 'steer'],
      [begun ? 4 : 0, 'kill'],
      [open.length > 0 ? 20 : 4, 'answer'],
      [4, 'spawn'],
      [2, 'stop'],
      [2, 'resume'],
      [2, 'repeat'],
      [1, 'misuse'],
      [1, 'clock'],
      [1, 'sleep'],
      [1, 'change'],
      [4, 'forget'],
      [2, 'raise'],
    ] as const);
    // What is asked of people is answered whatever else they do.
    if (kind !== 'answer' || open.length === 0) actions -= 1;
    switch (kind) {
      case 'say':
        words += 1;
        people.say(chance(choices, 6) ? `${POISON} ${words}` : `words-${words}`, chance(choices, 30));
        break;
      case 'steer':
        people.steer(target(), 'Turn right.', chance(choices, 40));
        break;
      case 'kill':
        people.kill(target());
        break;
      case 'answer': {
        const [first, ...rest] = open;
        const late = !first || chance(choices, 25);
        const asked = late ? world.requests().at(-1 - choices.below(3)) : pick(choices, [first, ...rest]);
        if (!asked) break;
        answer(asked);
        // Two people at the same moment.
        if (chance(choices, 30)) answer(asked);
        break;
      }
      case 'spawn': {
        const asked = toolset.spawn.parse({
          task: world.newTask(),
          label: pick(choices, ['a', 'b', 'p']),
          ...(chance(choices, 25) ? { repo: 'app' } : {}),
          ...(chance(choices, 25) ? { after: [pick(choices, ['a', 'b', 'p'])] } : {}),
          ...spawnTerms(choices),
        });
        if (asked.ok)
          people.spawn({
            ...asked.request,
            ...(chance(choices, 40) ? { retries: 1 + choices.below(2) } : {}),
          });
        break;
      }
      case 'stop':
        people.stop(chance(choices, 50));
        break;
      case 'resume':
        people.resume();
        break;
      case 'repeat':
      case 'misuse': {
        const [first, ...rest] = people.askings;
        if (first) people[kind](life, pick(choices, [first, ...rest]));
        break;
      }
      case 'change':
        people.change(chance(choices, 50) ? { archived: chance(choices, 50) } : { title: `title ${words}` });
        break;
      case 'forget':
        life.forget();
        break;
      case 'clock':
        time.ahead += pick(choices, [HOUR, -HOUR, DAY, -DAY]);
        break;
      case 'raise':
        people.raise((life.runtime.state(CHAT)?.budgetUsd ?? world.limits.chatUsd) + pick(choices, [0.1, 1]));
        break;
      case 'sleep':
        // A laptop sleeps: the wall clock goes on, the monotonic one stands still.
        time.ahead += 8 * HOUR;
        break;
    }
    people.askAgain(life);
  }

  async function outage(): Promise<void> {
    outages -= 1;
    const { evict } = world.life;
    if (evict && chance(choices, 70)) return world.happen(() => evict((n) => choices.below(n)));
    const kind = weighted(choices, [
      [4, 'now'],
      [3, 'before'],
      [3, 'after'],
      [3, 'stop'],
    ] as const);
    if (kind === 'now') return world.crash();
    if (kind === 'stop') return world.happen(() => world.stop());
    world.witness.arm({ at: 1 + choices.below(4), when: kind });
  }

  /** Time passes, but no further than to the next timer, which then fires. */
  function pass(): void {
    const { time, life } = world;
    const until = time.monotonic + pick(choices, [5, 200, 3_000, 25_000]);
    const next = life.time.next();
    if (next && next.due <= until) life.time.fireNext();
    else time.monotonic = until;
  }

  async function happening(): Promise<void> {
    const { time: clock, jobs } = world.life;
    const next = clock.next();
    const rarely = weather === 'slow' ? 50 : 5;
    const timer = !next ? 0 : next.ms <= 6_000 ? 3 : next.ms <= 70_000 ? 1 : chance(choices, rarely) ? 2 : 0;
    const some = clock.soon + jobs.all.length + timer;
    const kind = weighted(choices, [
      [clock.soon > 0 ? 10 : 0, 'soon'],
      [jobs.all.length > 0 ? 6 : 0, 'job'],
      [timer, 'timer'],
      [jobs.all.length > 0 ? 1 : 0, 'progress'],
      [2, 'pass'],
      [actions > 0 ? (some === 0 ? 20 : world.those('checked').length > 0 ? 10 : 2) : 0, 'act'],
      [outages > 0 && world.witness.transactions > 3 ? (weather === 'stormy' ? 4 : 1) : 0, 'outage'],
    ] as const);
    switch (kind) {
      case 'soon':
        return world.happen(() => clock.runSoon());
      case 'job': {
        const job = jobs.all[choices.below(jobs.all.length)];
        return world.happen(() => job?.finish());
      }
      case 'progress': {
        const job = jobs.all[choices.below(jobs.all.length)];
        return world.happen(() => job?.progress?.());
      }
      case 'timer':
        return world.happen(() => clock.fireNext());
      case 'pass':
        return world.happen(pass);
      case 'act':
        return world.happen(act);
      case 'outage':
        return outage();
    }
  }

  while (!choices.exhausted) {
    await happening();
    const { time: clock, jobs } = world.life;
    if (actions === 0 && clock.soon === 0 && jobs.all.length === 0 && !clock.next()) break;
  }
  await world.rest();
  return world;
}
