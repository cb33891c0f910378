/**
 * Takes the markers out of an answer's text, piece by piece as it comes. Holds back no more than what may still become
 * a marker, and the blank lines before one; all other text passes as it is. Acts on nothing.
 */
import {
  endsTask,
  type Fence,
  fenceBehind,
  LINE_CHARS,
  type Marker,
  type MarkerKind,
  markerIn,
  outlook,
} from './grammar.ts';

/** Markers of one text that are kept; of more only the number is. */
export const KEPT_MARKERS = 200;

export interface Reader {
  /** Takes the next piece of the text: what can be shown of it and of what was held back. */
  push(piece: string): string;
  /** The line at hand is over, though no line break says so: something else than text stands behind it. */
  break(): string;
  /**
   * The text is over: the rest of what is shown. To be called once.
   * @param cut it was cut off: a marker or a block that is not whole is neither shown nor one
   */
  end(cut?: boolean): string;
  /** In their order; a block that is not over yet is not among them. */
  readonly markers: readonly Marker[];
  /** How many came behind those. */
  readonly more: number;
  /** Whether one was cut off. */
  readonly cut: boolean;
}

/** A text as people read it, and the markers that stood in it. */
export interface Read {
  readonly shown: string;
  readonly markers: readonly Marker[];
  readonly more: number;
  readonly cut?: true;
}

/** Where the line at hand stands: nothing told yet, a marker if it ends as one, shown already, a block's. */
type Line = 'new' | 'words' | 'text' | 'task';

export function makeReader(kinds: readonly MarkerKind[]): Reader {
  const markers: Marker[] = [];
  let more = 0;
  let wasCut = false;
  let line = '';
  let state: Line = 'new';
  let fence: Fence | undefined;
  let task: { readonly words: string; readonly lines: string[]; fence: Fence | undefined } | undefined;
  let out = '';
  let hasShown = false;
  /** Line breaks and blank lines behind what was shown: they are shown with what follows. */
  let gap = '';
  /** Whether a marker was taken out behind it, and the blank lines behind the marker. */
  let taken = false;
  let after = '';

  function show(text: string): void {
    if (text === '') return;
    join();
    if (hasShown || !taken) out += gap;
    out += text;
    hasShown = true;
    taken = false;
    gap = '';
  }

  /** Of the blank lines before and behind a marker the more are kept. */
  function join(): void {
    if (after === '') return;
    // A line break ends the line before the gap.
    if (breaks(after) >= breaks(gap)) gap = `\n${after}`;
    after = '';
  }

  function skip(blank: string): void {
    if (taken) {
      if (after.length < LINE_CHARS) after += blank;
      return;
    }
    gap += blank;
    if (gap.length > LINE_CHARS) {
      out += gap;
      hasShown = true;
      gap = '';
    }
  }

  function take(marker: Marker): void {
    if (markers.length < KEPT_MARKERS) markers.push(marker);
    else more += 1;
  }

  function found(marker: Marker): void {
    join();
    taken = true;
    if (marker.name === 'TASK FOR WORKER') task = { words: marker.words, lines: [], fence: undefined };
    else take(marker);
  }

  function endTask(): void {
    if (!task) return;
    take({ name: 'TASK FOR WORKER', words: task.words, task: task.lines.join('\n').trim() });
    task = undefined;
  }

  /** A line of a block, or the one that ends it. */
  function ofTask(whole: string): void {
    if (!task) return;
    const marker = task.fence ? undefined : markerIn(whole, kinds);
    if (marker || (!task.fence && endsTask(whole))) {
      endTask();
      if (marker) found(marker);
      return;
    }
    task.fence = fenceBehind(task.fence, whole);
    task.lines.push(whole);
  }

  /** More of the line at hand, without its end. */
  function grow(piece: string): void {
    if (state === 'task') {
      line += piece;
      return;
    }
    if (state === 'text') {
      show(piece);
      // Only its beginning tells whether it opens or closes a fence.
      if (line.length <= LINE_CHARS) line = (line + piece).slice(0, LINE_CHARS + 1);
      return;
    }
    line += piece;
    if (state === 'new') {
      const what = outlook(line, kinds);
      if (what === 'text' || (fence && what !== 'blank')) return pass();
      if (what === 'words') state = 'words';
    }
    if (line.length > LINE_CHARS) pass();
  }

  /** The line is text: what was held back of it is shown. */
  function pass(): void {
    state = 'text';
    show(line);
    line = line.slice(0, LINE_CHARS + 1);
  }

  /** The line at hand is whole; `end`: its line break, or nothing at the end of the text. */
  function close(end: string): void {
    if (state === 'task') ofTask(line);
    else if (state === 'new' && line.trim() === '') skip(line + end);
    else {
      const marker = state === 'text' || fence ? undefined : markerIn(line, kinds);
      if (marker) found(marker);
      else {
        if (state !== 'text') pass();
        fence = fenceBehind(fence, line);
        skip(end);
      }
    }
    line = '';
    state = task ? 'task' : 'new';
  }

  const given = (): string => {
    const text = out;
    out = '';
    return text;
  };

  return {
    markers,
    get more() {
      return more;
    },
    get cut() {
      return wasCut;
    },
    push(piece) {
      let from = 0;
      for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', from)) {
        const part = piece.slice(from, at);
        // A line that comes as a whole needs no guess at what it may become.
        if (line === '' && state === 'new' && part.length <= LINE_CHARS) line = part;
        else if (part !== '') grow(part);
        close('\n');
        from = at + 1;
      }
      if (from < piece.length) grow(piece.slice(from));
      return given();
    },
    break() {
      if (line !== '') close('');
      return given();
    },
    end(cut = false) {
      if (cut && state === 'words') {
        wasCut = true;
        taken = true;
        line = '';
      }
      if (line !== '') close('');
      if (cut && task) {
        wasCut = true;
        task = undefined;
      }
      endTask();
      if (!taken) out += gap;
      gap = '';
      return given();
    },
  };
}

function breaks(text: string): number {
  return text.split('\n').length - 1;
}

/**
 * Reads a text that is all there.
 * @param runs its parts, between which something else than text stands
 * @param cut whether its end was cut off
 */
export function readText(runs: readonly string[], kinds: readonly MarkerKind[], cut = false): Read {
  const reader = makeReader(kinds);
  let shown = '';
  for (const [at, run] of runs.entries()) {
    if (at > 0) shown += reader.break();
    shown += reader.push(run);
  }
  shown += reader.end(cut);
  return { shown, markers: reader.markers, more: reader.more, ...(reader.cut ? { cut: true } : {}) };
}
