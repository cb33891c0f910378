/** `tidings skills`: lists the skills that sessions are told of, and says what is wrong with those that are not. */
import { problemLine, type Shelf } from '../skills/shelf.ts';

/** @returns the text for a terminal, and the exit code: 1 if a skill is broken */
export function describeSkills({ skills, problems }: Shelf): { text: string; code: number } {
  const lines =
    skills.length === 0
      ? ['No skill can be used.']
      : [`${skills.length} ${skills.length === 1 ? 'skill' : 'skills'}:`];
  for (const { name, description, files, folder } of skills) {
    const beside = files.files.length;
    lines.push(
      '',
      `${name}  (${folder.place}${beside === 0 ? '' : `, ${beside} more ${beside === 1 ? 'file' : 'files'}`})`,
    );
    lines.push(`  ${description}`);
  }
  if (problems.length > 0) lines.push('', ...problems.map(problemLine));
  const broken = problems.filter(({ kind }) => kind === 'broken').length;
  if (broken > 0) lines.push('', `${broken} broken.`);
  // A name from a disk can't steer the terminal.
  const text = lines.map((line) => line.replace(/\p{Cc}/gu, '?')).join('\n');
  return { text, code: broken === 0 ? 0 : 1 };
}
