/** Owns the words of the demo's story: what the person says, and what each subagent is asked to do. No behaviour. */

export const labels = ['fix-bug', 'write-docs', 'survey'] as const;
export type Label = (typeof labels)[number];

/** The name under which the gateway's configuration knows the repository. */
export const repositoryName = 'till';

/** What the person types, in this order. */
export const person = {
  asks: 'Our till loses a cent when three people split 10.00, and its tests fail. Please get that fixed, have a page of docs written, and count the leftover cents for every group of up to 9,999 people.',
  wonders: 'While they are at it: what would each of four pay?',
  steers: 'The docs must say who pays the leftover cents: those who come first.',
  hurries: 'Thanks. And how is the bug coming along?',
  cancels: 'We can do without the count after all. Please stop it.',
} as const;

export const tasks: Readonly<Record<Label, string>> = {
  'fix-bug': `The tests of the repository ${repositoryName} fail: split() in src/split.js loses cents when an amount does not divide evenly. Find the cause, mend it, run the tests, and commit.`,
  'write-docs': `Write docs/splitting.md for the repository ${repositoryName}: what split() in src/split.js does, with an example. Commit it.`,
  survey:
    'Work out, for every group of 2 to 9,999 people, how many cents are left over when they split 10.00. Keep the list in survey.txt.',
};

/** What the assistant passes on to `write-docs`. It reaches the docs only if the steer reaches the subagent. */
export const steer = 'Say who pays the leftover cents: those who come first pay one cent more each.';

/** What the assistant answers the person in between. */
export const answerInBetween = '2.50 each, and nothing is left over.';

/** What the subagents make. */
export const work = {
  source: 'src/split.js',
  docs: 'docs/splitting.md',
  fixSubject: 'Share out the leftover cents',
  docsSubject: 'Describe how amounts are split',
} as const;
