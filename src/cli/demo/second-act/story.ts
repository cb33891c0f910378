/** Owns the words of the second act: what the person says, what each subagent is asked to do, what they make. No behaviour. */

/** Who change the repository, in the order in which their work is to land. */
export const workers = ['decimals', 'tidy', 'euro'] as const;
export const labels = [...workers, 'review'] as const;
export type Label = (typeof labels)[number];

export const repositoryName = 'menu';

/** What the gateway's configuration says of trust: a person is asked before anything is deleted. */
export const rule = 'bash(git rm *)';

export const person = {
  asks: 'Our menu shows 12.50 as 12.5. Please get that mended, and reviewed before it goes onto main. The old price lists can go, too. And let us see how prices look with a euro sign.',
} as const;

/** What must succeed before `decimals` is believed. */
export const proof = 'node --test';

/** What `tidy` may not do unasked. */
export const deletion = 'git rm -r -q old';

/** What the subagents make. */
export const work = {
  source: 'src/price.js',
  /** What shows that the mending was understood: only the second try has it. */
  mended: 'toFixed(2)',
  old: ['old/prices-2019.csv', 'old/prices-2020.csv'],
} as const;

/** The subject of what each of the workers commits, and of what lands of it. */
export const subjects: Readonly<Record<(typeof workers)[number], string>> = {
  decimals: 'Show prices with two decimals',
  tidy: 'Remove the old price lists',
  euro: 'Put a euro sign in front of prices',
};

export const tasks: Readonly<Record<Label, string>> = {
  decimals: `In the repository ${repositoryName}, price() in ${work.source} shows 12.50 as 12.5. Mend it: a price has two decimals. Commit it.`,
  tidy: `In the repository ${repositoryName}, the folder old holds price lists that nobody should need. Make sure that nothing uses them, remove the folder, and commit.`,
  euro: `In the repository ${repositoryName}, put a euro sign in front of each price that price() in ${work.source} shows. Commit it.`,
  review: `Review the branch subagent/decimals of the repository ${repositoryName} against main. Asked for was: a price has two decimals, 12.50 and not 12.5. Read ${work.source}. Say what is wrong, or that nothing is.`,
};
