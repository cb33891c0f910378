/**
 * Where somebody reads in what scrolls: at the end, which is then kept in sight, or further up, where nothing moves
 * under them, whatever is loaded above or takes another height once it is drawn. Draws nothing and loads nothing.
 */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** Whether the browser itself keeps what is read in its place, as it does anywhere but at the very beginning. */
const isKept = globalThis.CSS?.supports('overflow-anchor', 'auto') ?? false;
/** Pixels from the end within which somebody reads the end. */
const NEAR = 80;

interface Anchor {
  readonly element: HTMLElement;
  /** Pixels from the upper edge of what is seen. */
  readonly y: number;
}

export interface Scrolling {
  readonly atEnd: ReadonlySignal<boolean>;
  /** To be called when it was scrolled. */
  look(): void;
  toEnd(): void;
  /** Brings one thing to the middle, and stays there. */
  show(element: HTMLElement): void;
}

/**
 * @param box what scrolls; its first element holds all that it shows
 * @param things what can be stood at, in order from top to bottom
 * @param settled called whenever heights have changed and all stands where it should
 */
export function useScrolling(
  box: RefObject<HTMLElement | null>,
  things: string,
  settled: () => void,
): Scrolling {
  const atEnd = useSignal(true);
  const anchor = useRef<Anchor | undefined>(undefined);
  const topBefore = useRef(0);
  const whenSettled = useRef(settled);
  whenSettled.current = settled;

  /** Brings what was read to where it was. */
  function settle(): void {
    const element = box.current;
    if (!element) return;
    if (atEnd.peek()) element.scrollTop = element.scrollHeight;
    else if ((!isKept || element.scrollTop === 0) && anchor.current?.element.isConnected) {
      const off = heightOf(anchor.current.element, element) - anchor.current.y;
      if (Math.abs(off) >= 1) element.scrollTop += off;
    }
    topBefore.current = element.scrollTop;
  }

  function look(): void {
    const element = box.current;
    if (!element) return;
    const isNear = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    // Only who scrolls up leaves the end: what has grown below since the last frame moves nobody away from it.
    if (isNear) atEnd.value = true;
    else if (element.scrollTop < topBefore.current) atEnd.value = false;
    topBefore.current = element.scrollTop;
    anchor.current = anchorIn(element, things);
  }

  // What came above must not push down what is read.
  useLayoutEffect(settle);

  useEffect(() => {
    const element = box.current;
    const inside = element?.firstElementChild;
    if (!element || !inside) return;
    const observer = new ResizeObserver(() => {
      settle();
      whenSettled.current();
    });
    observer.observe(inside);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return {
    atEnd,
    look,
    toEnd() {
      atEnd.value = true;
      settle();
    },
    show(element) {
      atEnd.value = false;
      element.scrollIntoView({ block: 'center' });
      if (box.current) anchor.current = { element, y: heightOf(element, box.current) };
    },
  };
}

/** Pixels of a thing's beginning below the upper edge of what is seen. */
function heightOf(thing: Element, box: Element): number {
  return thing.getBoundingClientRect().top - box.getBoundingClientRect().top;
}

/** The first thing that reaches below the upper edge: found by halving, since there may be ten thousand. */
function anchorIn(box: HTMLElement, things: string): Anchor | undefined {
  const all = box.querySelectorAll<HTMLElement>(things);
  const edge = box.getBoundingClientRect().top;
  let [from, to] = [0, all.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const rect = all[middle]?.getBoundingClientRect();
    if (rect && rect.bottom <= edge) from = middle + 1;
    else to = middle;
  }
  const element = all[from];
  return element && { element, y: heightOf(element, box) };
}
