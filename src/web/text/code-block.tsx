/** A block of code or output, with a button that copies it. */
import { useState } from 'preact/hooks';

const COPIED_MS = 2_000;

export function CodeBlock({ code, language = '' }: { readonly code: string; readonly language?: string }) {
  const name = /^[\w+#.-]{1,30}/.exec(language)?.[0] ?? '';
  return (
    <figure class="code">
      <figcaption>
        <span>{name === '' ? 'text' : name}</span>
        <CopyButton text={code} what="code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  );
}

/** @param what it copies, for those who can't see where it stands */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, say] = useState('Copy');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      say('Copied');
    } catch {
      say('Not allowed');
    }
    setTimeout(() => say('Copy'), COPIED_MS);
  };
  return (
    <button type="button" class="button small bare" aria-label={`${said} ${what}`} onClick={copy}>
      <span aria-live="polite">{said}</span>
    </button>
  );
}
