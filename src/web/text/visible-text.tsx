/** A text as it is written: what an eye would miss is named where it stands. Draws only. */
import { pieces } from './visible.ts';

export function VisibleText({ text }: { readonly text: string }) {
  return (
    <>
      {pieces(text).map(({ text: plain, mark }, at) =>
        mark === undefined ? (
          plain
        ) : (
          <mark key={at} class="unseen" title="A character that can't be seen">
            {mark}
          </mark>
        ),
      )}
    </>
  );
}
