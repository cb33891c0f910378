/** The team beside the conversation: its sums, the budget, and the tree or the timeline. Loads nothing itself. */
import { useComputed, useSignal } from '@preact/signals';
import { endedStatuses } from '../../client/index.ts';
import { client } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { count, money, tokens } from '../text/words.ts';
import { BudgetBar } from './budget-bar.tsx';
import { Confirm } from './confirm.tsx';
import { amount, killWords } from './outcomes.ts';
import { Timeline } from './timeline.tsx';
import { Tree } from './tree.tsx';

type View = 'tree' | 'timeline';

export function TeamPane({ conversation }: { readonly conversation: Conversation }) {
  const view = useSignal<View>('tree');
  const isEmpty = conversation.team.ids.value.length === 0;
  return (
    <section class="team" aria-labelledby="team-title">
      <header class="team-header">
        <div class="team-top">
          <h2 id="team-title">Team</h2>
          {isEmpty ? null : (
            <>
              <Switch
                view={view.value}
                choose={(next) => {
                  view.value = next;
                }}
              />
              <KillAll conversation={conversation} />
            </>
          )}
        </div>
        <Sums conversation={conversation} />
        <Budget conversation={conversation} />
      </header>
      {view.value === 'tree' || isEmpty ? (
        <Tree key={conversation.id} conversation={conversation} />
      ) : (
        <Timeline key={conversation.id} conversation={conversation} />
      )}
    </section>
  );
}

function Switch({ view, choose }: { readonly view: View; readonly choose: (view: View) => void }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be drawn and read as a form
    <div class="switch" role="group" aria-label="How the team is shown">
      <button type="button" aria-pressed={view === 'tree'} onClick={() => choose('tree')}>
        Tree
      </button>
      <button type="button" aria-pressed={view === 'timeline'} onClick={() => choose('timeline')}>
        Timeline
      </button>
    </div>
  );
}

interface Counts {
  readonly atWork: number;
  readonly asking: number;
  readonly queued: number;
  readonly ended: number;
}

function useCounts({ team }: Conversation): Counts {
  return useComputed(() => {
    // Who there is and how each stands: nothing else of them is read here.
    team.shape.value;
    const counts = { atWork: 0, asking: 0, queued: 0, ended: 0 };
    for (const id of team.ids.value) {
      const status = team.subagent(id)?.peek().status;
      if (status === undefined) continue;
      if (endedStatuses.has(status)) counts.ended += 1;
      else if (status === 'input_required') counts.asking += 1;
      else if (status === 'queued' || status === 'blocked') counts.queued += 1;
      else counts.atWork += 1;
    }
    return counts;
  }).value;
}

function Sums({ conversation }: { readonly conversation: Conversation }) {
  const { atWork, asking, queued, ended } = useCounts(conversation);
  const usage = conversation.chat.value?.usage;
  const steps = conversation.team.steps.value;
  // Before anybody was given work there is nothing to count.
  const isEmpty = atWork + asking + queued + ended === 0;
  const figures = [
    ...(isEmpty ? [] : [`${count(steps)} ${steps === 1 ? 'step' : 'steps'}`]),
    ...(usage ? [`${tokens(usage)} tokens`, money(usage.usd)] : []),
  ];
  if (isEmpty && (usage?.usd ?? 0) === 0) return null;
  return (
    <ul class="sums" aria-label="Sums of the chat">
      {isEmpty ? null : (
        <li class="status" data-status={atWork > 0 ? 'running' : 'killed'}>
          {atWork} at work
        </li>
      )}
      {asking > 0 ? (
        <li class="status" data-status="input_required">
          {asking} {asking === 1 ? 'needs' : 'need'} an answer
        </li>
      ) : null}
      {queued > 0 ? (
        <li class="status" data-status="queued">
          {queued} not begun
        </li>
      ) : null}
      {isEmpty ? null : <li class="soft">{ended} ended</li>}
      <li class="soft figures">{figures.join(' · ')}</li>
    </ul>
  );
}

function Budget({ conversation }: { readonly conversation: Conversation }) {
  const budget = conversation.chat.value?.budget;
  return budget ? <BudgetBar budget={budget} /> : null;
}

function KillAll({ conversation }: { readonly conversation: Conversation }) {
  const { atWork, asking, queued } = useCounts(conversation);
  const live = atWork + asking + queued;
  return (
    <Confirm
      label="Kill all"
      question={`End ${amount(live, 'subagent')}, with all that they run?`}
      yes={`Kill ${live === 1 ? 'it' : 'them'}`}
      danger
      disabled={live === 0}
      act={async () => killWords(await client.kill(conversation.id, 'all'))}
    />
  );
}
