/**
 * The patterns of rules for files and for hosts. Owns what a path means before any disk is asked: normalised, inside
 * the workspace or not. Never knows whether a file exists or is a link; the tools see to that.
 */
import picomatch from 'picomatch';

/** Where a path leads. */
export interface Place {
  /** From the workspace, if that is known; with `..` in front if it leads out of it. */
  readonly relative?: string;
  /** From the root, if that is known. */
  readonly absolute?: string;
  /** Its names without what leads upwards: what it ends with, wherever it begins. */
  readonly tail: string;
  /** Whether it may lie in the workspace although it doesn't look like it: nobody said where that is. */
  readonly open: boolean;
}

/** @param workspace where relative paths begin, if that is known */
export function placeOf(path: string, workspace?: string): Place {
  const home = workspace?.startsWith('/') ? normal(workspace) : undefined;
  const plain = normal(path);
  const tail = plain.replace(/^\/?(?:\.\.(?:\/|$))*/, '');
  if (home !== undefined) {
    const absolute = plain.startsWith('/') ? plain : normal(`${home}/${plain}`);
    return { relative: from(home, absolute), absolute, tail, open: false };
  }
  if (plain.startsWith('/')) return { absolute: plain, tail, open: true };
  return { relative: plain, tail, open: leavesHome(plain) };
}

function leavesHome(relative: string): boolean {
  return relative === '..' || relative.startsWith('../');
}

/** Without `.` and empty names, and with `..` only where it leads out. */
function normal(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..' && names.length > 0 && names.at(-1) !== '..') names.pop();
    else if (name !== '..' || !path.startsWith('/')) names.push(name);
  }
  return path.startsWith('/') ? `/${names.join('/')}` : names.join('/') || '.';
}

/** The way from one folder to a path, both from the root. */
function from(home: string, absolute: string): string {
  const [start, end] = [home, absolute].map((path) => path.split('/').filter((name) => name !== ''));
  if (start === undefined || end === undefined) return absolute;
  const parting = start.findIndex((name, at) => end[at] !== name);
  const common = parting === -1 ? start.length : parting;
  return [...start.slice(common).map(() => '..'), ...end.slice(common)].join('/') || '.';
}

export interface PathPattern {
  /** Whether it is certain that the place is one that the pattern means. */
  allows(place: Place): boolean;
  /** Whether it is, or may be, or something below it may be. `folder`: all that is below it counts as well. */
  catches(place: Place, folder: boolean): 'yes' | 'maybe' | 'no';
}

/** @param text a glob, from the workspace or from the root */
export function pathPattern(text: string): PathPattern {
  const absolute = text.startsWith('/');
  const glob = text.replace(/^(?:\.\/+)+/, '');
  const options = { dot: true, nonegate: true, windows: false };
  const exact = matcher(glob, options);
  // Some disks don't tell small and capital letters apart, or spell é in two ways.
  const lax = matcher(glob.normalize('NFC'), { ...options, nocase: true });
  const { base } = picomatch.scan(glob, options);
  const start = (absolute ? normal(base) : normal(base || '.')).normalize('NFC').toLowerCase();

  return {
    allows(place) {
      const path = absolute ? place.absolute : place.relative;
      return path !== undefined && !leavesHome(path) && exact(path);
    },
    catches(place, folder) {
      const path = (absolute ? place.absolute : place.relative)?.normalize('NFC');
      if (path !== undefined && lax(path)) return 'yes';
      if (path !== undefined && folder && overlap(path.toLowerCase(), start)) return 'maybe';
      if (!place.open || (absolute && path !== undefined)) return 'no';
      if (absolute || folder) return 'maybe';
      return endings(place.tail.normalize('NFC')).some((ending) => lax(ending)) ? 'maybe' : 'no';
    },
  };
}

function matcher(glob: string, options: picomatch.PicomatchOptions): (path: string) => boolean {
  const matches = picomatch(glob, options);
  return (path) => matches(path) || (path === '.' && glob === '**');
}

/** Whether one of two folders lies in the other, the workspace in those above it. */
function overlap(one: string, other: string): boolean {
  if (/^\.\.(?:\/\.\.)*$/.test(one)) return true;
  const [a, b] = [`${one}/`, `${other}/`];
  return one === '.' || other === '.' || one === '/' || other === '/' || a.startsWith(b) || b.startsWith(a);
}

function endings(path: string): string[] {
  const names = path.split('/');
  return names.map((_, at) => names.slice(at).join('/'));
}

/** Whether a URL's host is the one that a rule names, or with `*.name` one below it. */
export function hostFits(rule: string, url: string): boolean {
  const host = URL.parse(url)?.hostname.replace(/\.$/, '');
  if (host === undefined || host === '') return false;
  const wanted = rule.toLowerCase();
  if (wanted.startsWith('*.')) return host.endsWith(wanted.slice(1));
  // An address has many spellings, and one that stands in URLs.
  return host === (wanted.includes(':') ? URL.parse(`http://[${wanted}]/`)?.hostname : wanted);
}
