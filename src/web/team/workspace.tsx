/** A subagent's branch: what it holds, what it would meet, and its landing or removal. Owns no git and no facts. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ProblemError, type Subagent, type Worktree } from '../../client/index.ts';
import { client, wordsOf } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { isLive } from '../state/team.ts';
import { VisibleText } from '../text/visible-text.tsx';
import { Confirm } from './confirm.tsx';
import { DiffView } from './diff-view.tsx';
import { amount, landWords, refusalWords, removeWords } from './outcomes.ts';

interface Props {
  readonly conversation: Conversation;
  readonly subagent: Subagent;
}

type Found =
  | { readonly is: 'loading' }
  | { readonly is: 'found'; readonly worktree: Worktree }
  | { readonly is: 'none' }
  | { readonly is: 'unknown'; readonly because: string };

export function Workspace({ conversation, subagent }: Props) {
  const { id, status } = subagent;
  const found = useSignal<Found>({ is: 'loading' });
  /** How often it was read: what is shown of it is read anew with it. */
  const read = useSignal(0);
  /** What came of a removal: what asked for it is gone with what was removed. */
  const removed = useSignal('');
  const box = useRef<HTMLElement>(null);

  const look = async (): Promise<void> => {
    try {
      const all = await client.worktrees(conversation.id);
      const worktree = all.find((one) => one.subagentId === id);
      found.value = worktree ? { is: 'found', worktree } : { is: 'none' };
    } catch (error) {
      found.value = { is: 'unknown', because: wordsOf(error) };
    }
    read.value += 1;
  };
  useEffect(() => {
    void look();
  }, [id, status]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="drawer-scroll workspace" ref={box} tabIndex={0} aria-label="Changes">
      <p class="said" role="status">
        {removed.value}
      </p>
      <Facts found={found.value} subagent={subagent} />
      <div class="workspace-acts">
        <button type="button" class="button small" onClick={look}>
          Look again
        </button>
        <Acts
          key={id}
          conversation={conversation}
          subagent={subagent}
          found={found.value}
          changed={look}
          gone={async (words) => {
            removed.value = words;
            await look();
            box.current?.focus();
          }}
        />
      </div>
      {found.value.is === 'found' ? <DiffView key={read.value} chat={conversation.id} id={id} /> : null}
    </section>
  );
}

function Facts({ found, subagent }: { readonly found: Found; readonly subagent: Subagent }) {
  switch (found.is) {
    case 'loading':
      return <p class="line">Loading…</p>;
    case 'unknown':
      return <p class="trouble">{found.because}</p>;
    case 'none':
      return (
        <p class="soft">
          {subagent.workspace
            ? `${subagent.workspace.branch} is gone: it was removed.`
            : 'It has no branch of its own.'}
        </p>
      );
    case 'found': {
      const { branch, base, repository, commits, files, uncommitted, landed, overlaps } = found.worktree;
      return (
        <dl class="workspace-facts">
          <dt>Branch</dt>
          <dd>
            <code>{branch}</code>
          </dd>
          <dt>From</dt>
          <dd>
            <code>{base}</code> of {repository}
          </dd>
          <dt>Holds</dt>
          <dd>
            {amount(commits, 'commit')}, {amount(files.length, 'file')}
            {uncommitted > 0 ? `, ${uncommitted} not committed` : ''}
          </dd>
          <dt>Landed</dt>
          <dd>{landed === undefined ? 'no' : <code>{landed.slice(0, 12)}</code>}</dd>
          {overlaps.map((one) => (
            <div key={one.branch} class="overlap">
              <dt>Overlaps</dt>
              <dd>
                <code>{one.branch}</code> changes, too: <VisibleText text={one.files.join(', ')} />
              </dd>
            </div>
          ))}
        </dl>
      );
    }
  }
}

interface ActsProps extends Props {
  readonly found: Found;
  readonly changed: () => Promise<void>;
  readonly gone: (words: string) => Promise<void>;
}

function Acts({ conversation, subagent, found, changed, gone }: ActsProps) {
  const { id, label } = subagent;
  /** The gateway says that something would be lost. */
  const refused = useSignal(false);
  if (found.is !== 'found') return null;
  const { branch, base, commits, files, landed } = found.worktree;
  const live = isLive(subagent);
  const holds = landed === undefined && (commits > 0 || files.length > 0);
  const discard = holds || refused.value;

  return (
    <>
      <Confirm
        label="Land"
        question={`Put all of ${label}’s work as one commit on ${base}?`}
        yes="Land it"
        disabled={live || landed !== undefined || !holds}
        explain={refusalWords}
        act={async () => {
          const words = landWords(await client.land(conversation.id, id));
          await changed();
          return words;
        }}
      />
      <Confirm
        key={discard ? 'discard' : 'remove'}
        label={discard ? 'Discard' : 'Remove'}
        question={
          discard
            ? `Remove ${branch} with what has landed nowhere (${amount(commits, 'commit')}, ${amount(files.length, 'file')})? It is lost for good.`
            : `Remove ${branch} and its worktree? Nothing of it is lost.`
        }
        yes={discard ? 'Discard it for good' : 'Remove it'}
        danger
        disabled={live}
        explain={refusalWords}
        act={async () => {
          try {
            const words = removeWords(
              await client.removeWorktree(conversation.id, id, discard ? { discard: true } : {}),
            );
            await gone(words);
            return words;
          } catch (error) {
            if (error instanceof ProblemError && error.status === 409) refused.value = true;
            throw error;
          }
        }}
      />
      {live ? <span class="soft">It can be landed or removed once it has ended.</span> : null}
    </>
  );
}
