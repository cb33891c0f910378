/** Where the page begins: draws it, and starts what goes on as long as it is open. */
import { render } from 'preact';
import { App } from './shell/app.tsx';
import { callForAttention } from './shell/attention.ts';
import { begin, followAddress, listChats, session, signedOutBecause, wordsOf } from './state/app.ts';
import { askTime, startClock } from './state/now.ts';
import './style/theme.css';
import './style/layout.css';
import './style/chats.css';
import './style/conversation.css';
import './style/prose.css';
import './style/composer.css';
import './style/marks.css';
import './style/team.css';
import './style/tree.css';
import './style/timeline.css';
import './style/subagent-card.css';
import './style/answer.css';
import './style/drawer.css';
import './style/workspace.css';

/** How often the chats are listed anew: those that aren't open have no feed here, and somebody may wait in them. */
const LIST_MS = 60_000;

const root = document.getElementById('app');
if (!root) throw new Error('the page has no #app');
render(<App />, root);
startClock();
callForAttention();
followAddress();
void askTime();

function lookAgain(): void {
  if (!session.value) return;
  // What it tells comes again; the open chat's feed says by itself when the connection is lost.
  listChats().catch(() => undefined);
}
setInterval(lookAgain, LIST_MS);
addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') return;
  lookAgain();
  void askTime();
});

begin().catch((error: unknown) => {
  signedOutBecause.value = wordsOf(error);
  session.value = null;
});
