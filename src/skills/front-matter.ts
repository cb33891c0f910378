/**
 * Reads the text of a SKILL.md: its front matter by the Agent Skills format, and the body below. Owns what the
 * format asks of the fields, in words; never opens a file and doesn't know the other skills.
 */
import { parseDocument } from 'yaml';
import { z } from 'zod';
import {
  maxCompatibilityChars,
  maxDescriptionChars,
  maxNameChars,
  type SkillNeed,
  skillNeeds,
} from './skill.ts';

export type SkillText =
  | {
      readonly ok: true;
      readonly name: string;
      /** One line, at most as long as the format allows. */
      readonly description: string;
      readonly compatibility?: string;
      readonly needs?: SkillNeed;
      readonly body: string;
      /** What is not as the format wants it, and does no harm. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly why: string };

type Refused = Extract<SkillText, { ok: false }>;

const known = ['name', 'description', 'license', 'compatibility', 'metadata', 'allowed-tools'] as const;

const metadataSchema = z.record(z.string(), z.string());
/** What of it is for us. */
const needsSchema = z.looseObject({ 'tidings-needs': z.enum(skillNeeds).optional() });

/** The fields that do no harm when they are wrong: a wrong one is noted and not used. */
const optional: Readonly<Record<string, { readonly schema: z.ZodType; readonly words: string }>> = {
  license: { schema: z.string(), words: 'a text' },
  compatibility: {
    schema: z.string().min(1).max(maxCompatibilityChars),
    words: `a text of 1 to ${maxCompatibilityChars} characters`,
  },
  metadata: { schema: metadataSchema, words: 'a map of texts' },
  'allowed-tools': {
    schema: z.union([z.string(), z.array(z.string())]),
    words: 'a text or a list of texts',
  },
};

/**
 * @param text the whole file, without a byte order mark
 * @param folder the name of the folder that it lies in
 */
export function readSkillText(text: string, folder: string): SkillText {
  const parts = split(text.replace(/\r\n?/g, '\n'));
  if (!parts.ok) return parts;
  const parsed = fieldsOf(parts.front);
  if (!parsed.ok) return parsed;
  const { fields } = parsed;

  const name = nameOf(fields.name, folder);
  if (!name.ok) return name;
  const given = fields.description;
  if (typeof given !== 'string' || given.trim() === '') {
    return refused(
      `its front matter has no \`description\`, which must be a text of 1 to ${maxDescriptionChars} characters that says what the skill does and when to use it`,
    );
  }
  const notes: string[] = [];
  const description = oneLine(given);
  if (description.length > maxDescriptionChars) {
    notes.push(
      `its description has ${description.length} characters; the format allows ${maxDescriptionChars}, and what is beyond is not shown`,
    );
  }
  for (const [field, { schema, words }] of Object.entries(optional)) {
    if (fields[field] !== undefined && !schema.safeParse(fields[field]).success) {
      notes.push(`its \`${field}\` must be ${words}; it is not used`);
    }
  }
  const strange = Object.keys(fields).filter((field) => !known.some((one) => one === field));
  if (strange.length > 0) {
    const shown = strange.slice(0, 10).map((field) => `\`${oneLine(field).slice(0, 60)}\``);
    notes.push(`the format has no ${shown.join(', ')} (it has ${known.join(', ')}); not used`);
  }
  const needs = needsSchema.safeParse(fields.metadata);
  if (!needs.success && metadataSchema.safeParse(fields.metadata).success) {
    notes.push(`its \`tidings-needs\` must be ${skillNeeds.join(' or ')}; it is not used`);
  }
  if (parts.body.trim() === '') notes.push('nothing stands below its front matter');
  const compatibility = z.string().min(1).max(maxCompatibilityChars).safeParse(fields.compatibility);
  return {
    ok: true,
    name: name.name,
    description: description.slice(0, maxDescriptionChars).toWellFormed(),
    ...(compatibility.success ? { compatibility: oneLine(compatibility.data) } : {}),
    ...(needs.data?.['tidings-needs'] === undefined ? {} : { needs: needs.data['tidings-needs'] }),
    body: parts.body,
    notes,
  };
}

function split(text: string): { ok: true; front: string; body: string } | Refused {
  const lines = text.split('\n');
  if (lines[0]?.trimEnd() !== '---') {
    return refused('it does not begin with front matter: its first line must be `---`');
  }
  const end = lines.findIndex((line, at) => at > 0 && line.trimEnd() === '---');
  if (end === -1) {
    return refused('its front matter has no end: a line with only `---` must stand below the fields');
  }
  return { ok: true, front: lines.slice(1, end).join('\n'), body: lines.slice(end + 1).join('\n') };
}

function fieldsOf(front: string): { ok: true; fields: Readonly<Record<string, unknown>> } | Refused {
  let fields: unknown;
  try {
    // Every plain value is a text, as the format has it: `version: 1.0` is not a number, `on` not a truth.
    const document = parseDocument(front, { schema: 'failsafe', prettyErrors: false, strict: true });
    const fault = document.errors[0];
    if (fault) {
      // The front matter begins in the file's second line.
      const line = front.slice(0, fault.pos[0]).split('\n').length + 1;
      const hint = /mapping/i.test(fault.message) ? '; a text that holds ": " must stand in quotes' : '';
      return refused(`its front matter is not YAML, at line ${line}: ${oneLine(fault.message)}${hint}`);
    }
    // Front matter has no use for aliases, and a few lines of them can grow without bounds.
    fields = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return refused(`its front matter can't be read as YAML: ${oneLine(message)}`);
  }
  const map = z.record(z.string(), z.unknown()).safeParse(fields);
  if (!map.success) {
    return refused('its front matter must be fields, such as `name: …` and `description: …`');
  }
  return { ok: true, fields: map.data };
}

function nameOf(given: unknown, folder: string): { ok: true; name: string } | Refused {
  if (typeof given !== 'string' || given === '') {
    return refused(`its front matter has no \`name\`, which must be its folder's, "${oneLine(folder)}"`);
  }
  const shown = JSON.stringify(given.length > 80 ? `${given.slice(0, 79).toWellFormed()}…` : given);
  const fault =
    given.length > maxNameChars
      ? `has ${given.length} characters; it may have ${maxNameChars}`
      : /[^a-z0-9-]/.test(given)
        ? 'may hold only a-z, 0-9 and -'
        : /^-|-$/.test(given)
          ? 'may neither begin nor end with -'
          : given.includes('--')
            ? 'may not hold two - in a row'
            : undefined;
  if (fault !== undefined) return refused(`its name ${shown} ${fault}`);
  if (given !== folder) {
    return refused(
      `its name is ${shown}, and its folder is called "${oneLine(folder)}": they must be the same`,
    );
  }
  return { ok: true, name: given };
}

/** Without line breaks and control characters: it is to stand in one line of a prompt or a terminal. */
export function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .toWellFormed();
}

function refused(why: string): Refused {
  return { ok: false, why };
}
