/**
 * Which rows of a long list are in sight: only these are in the document, so that a thousand cost no more than a screen
 * full. All rows are equally high. Owns the watching of the box that scrolls; draws nothing.
 */
import { type Signal, useComputed, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** Rows beyond either edge, so that scrolling shows no gaps. */
const BEYOND = 8;

export interface Windowing {
  readonly box: RefObject<HTMLDivElement | null>;
  /** First row in the document, and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Of a row, in pixels. */
  readonly rowHeight: number;
  readonly width: Signal<number>;
  readonly onScroll: () => void;
  /** Scrolls as little as possible so that the row is in sight. */
  reveal(at: number): void;
}

/** @param rem a row's height, in the page's own unit, so that it grows with the type */
export function useWindowing(count: number, rem: number): Windowing {
  const box = useRef<HTMLDivElement>(null);
  const rowHeight = rem * rootSize();
  /** In rows, so that a pixel more draws nothing anew. */
  const firstSeen = useSignal(0);
  const seen = useSignal(30);
  const width = useSignal(0);

  const look = (): void => {
    const element = box.current;
    if (!element) return;
    firstSeen.value = Math.floor(element.scrollTop / rowHeight);
    seen.value = Math.ceil(element.clientHeight / rowHeight) + 1;
    width.value = element.clientWidth;
  };

  useLayoutEffect(() => {
    look();
    if (!box.current) return;
    const observer = new ResizeObserver(look);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [rowHeight]);

  const first = useComputed(() => Math.max(0, firstSeen.value - BEYOND)).value;
  return {
    box,
    first: Math.min(first, Math.max(0, count - 1)),
    end: Math.min(count, firstSeen.value + seen.value + BEYOND),
    rowHeight,
    width,
    onScroll: look,
    reveal(at) {
      const element = box.current;
      if (!element) return;
      const top = at * rowHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = top + rowHeight - element.clientHeight;
      look();
    },
  };
}

function rootSize(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}
