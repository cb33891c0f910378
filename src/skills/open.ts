/**
 * Opens a skill for a model: its text, or one of its files, or words that say why not. Owns which paths are
 * refused before a host sees them and how much is shown; never changes anything.
 */
import { head } from '../core/fence.ts';
import type { Skills, ToolOutcome } from '../core/ports.ts';
import type { Shelf } from './shelf.ts';
import { utf8 } from './shelf.ts';
import { type FileListing, maxFileBytes, maxShownChars, type Skill, skillFile } from './skill.ts';

/** Names that an answer lists. */
const LISTED = 100;

/** The shelf as the port that sessions are served through. */
export function makeSkills({ skills }: Pick<Shelf, 'skills'>): Skills {
  return {
    all: skills.map(({ name, description }) => ({ name, description })),
    async open(name, file) {
      const skill = skills.find((one) => one.name === name);
      if (!skill) return failed(unknown(name, skills));
      return file === undefined || file === skillFile
        ? { ok: true, text: opened(skill) }
        : openFile(skill, file);
    },
  };
}

function opened({ name, body, compatibility, files, folder }: Skill): string {
  const notes = [
    ...(compatibility === undefined ? [] : [`[needs: ${compatibility}]`]),
    ...(files.files.length === 0 ? [] : [`[files of this skill, to open with \`file\`: ${listing(files)}]`]),
    ...(files.files.length === 0 || folder.path === undefined
      ? []
      : [`[its folder on this machine: ${folder.path}]`]),
  ];
  return [clean(body).trim() || `The skill "${name}" has no text.`, ...notes].join('\n\n');
}

async function openFile(skill: Skill, file: string): Promise<ToolOutcome> {
  const shown = JSON.stringify(head(file, 200));
  const fault = pathFault(file);
  if (fault !== undefined) return failed(`${shown} was not opened: ${fault}. ${have(skill)}`);
  const path = file
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  const reading = await skill.folder.read(path, maxFileBytes);
  switch (reading.kind) {
    case 'missing':
      return failed(`The skill "${skill.name}" has no file ${shown}. ${have(skill)}`);
    case 'too_large':
      return failed(`${shown} has ${reading.size} bytes, too many to be shown.${elsewhere(skill, path)}`);
    case 'refused':
      return failed(`${shown} can't be opened: ${reading.why}. ${have(skill)}`);
    case 'bytes':
      break;
  }
  const text = utf8(reading.bytes);
  if (text === undefined) {
    return failed(
      `${shown} is not a text in UTF-8, but ${reading.bytes.length} bytes of something else.${elsewhere(skill, path)}`,
    );
  }
  if (text.trim() === '') return { ok: true, text: `${shown} is empty.` };
  const whole = clean(text);
  const part = head(whole, maxShownChars);
  const rest = whole.length - part.length;
  return {
    ok: true,
    text:
      rest === 0
        ? part
        : `${part}\n\n[the last ${rest} of ${whole.length} characters are left out.${elsewhere(skill, path)}]`,
  };
}

/** Why a path may not be asked for at all. */
function pathFault(file: string): string | undefined {
  if (file.includes('\0')) return 'it holds a NUL character, which no file name can carry';
  if (/^[/\\~]|^[a-z]:/i.test(file)) return "it must be relative to the skill's folder";
  if (file.includes('\\')) return 'its folders must be parted by /';
  const parts = file.split('/');
  if (parts.includes('..')) return "it may not lead out of the skill's folder with `..`";
  if (parts.every((part) => part === '' || part === '.')) return 'it must name a file';
  return undefined;
}

function have({ name, files }: Skill): string {
  return files.files.length === 0
    ? `The skill "${name}" has only its ${skillFile}.`
    : `It has ${skillFile}, ${listing(files)}.`;
}

function listing({ files, more }: FileListing): string {
  const rest = files.length - LISTED;
  const tail = rest > 0 ? ` and ${rest} more` : more ? ' and more' : '';
  return `${clean(files.slice(0, LISTED).join(', '))}${tail}`;
}

function elsewhere({ folder }: Skill, path: string): string {
  return folder.path === undefined ? '' : ` On this machine it is ${folder.path}/${path}.`;
}

function unknown(name: string, skills: readonly Skill[]): string {
  return `There is no skill ${JSON.stringify(head(name, 80))}; there ${skills.length === 1 ? 'is' : 'are'} ${skills.map((one) => one.name).join(', ')}.`;
}

/** Line ends become `\n`; other control characters become visible. */
function clean(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\p{Cc}/gu, (char) => (char === '\n' || char === '\t' ? char : '\ufffd'));
}

function failed(text: string): ToolOutcome {
  return { ok: false, text: clean(text) };
}
