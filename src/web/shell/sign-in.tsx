/** The page for whoever isn't signed in. Owns the form; the token it is given goes nowhere but to the gateway. */
import { useSignal } from '@preact/signals';
import { about, signedOutBecause, signIn, wordsOf } from '../state/app.ts';

export function SignIn() {
  const token = useSignal('');
  const trouble = useSignal('');
  const busy = useSignal(false);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    trouble.value = '';
    try {
      await signIn({ token: token.value.trim() });
    } catch (error) {
      trouble.value = wordsOf(error);
    }
    busy.value = false;
  };

  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>Tidings</h1>
        <p>One assistant to talk to, and the team that works for it.</p>
        {signedOutBecause.value === undefined ? null : (
          <p class="notice" data-level="warning" role="alert">
            {signedOutBecause.value}
          </p>
        )}
        <p>
          Open the link that the gateway printed when it started: it signs you in. It is used up after that;{' '}
          <code>tidings link</code> in the gateway's terminal prints another. Or give a token:
        </p>
        <label>
          Token
          <input
            class="field"
            type="password"
            autocomplete="current-password"
            required
            value={token.value}
            onInput={(event) => {
              token.value = event.currentTarget.value;
            }}
          />
        </label>
        <p class="trouble" role="alert">
          {trouble.value}
        </p>
        <button type="submit" class="button main" disabled={busy.value}>
          Sign in
        </button>
        <p class="soft">{about.value ? `Tidings ${about.value.version}` : ''}</p>
      </form>
    </main>
  );
}
