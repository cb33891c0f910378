/** A gateway that lands one session's work and says what came of it. Arguments: data folder, repository, session. */
import { makeWorkshop } from '../../src/hosts/node/workshop/workshop.ts';

const [data = '', repo = '', session = ''] = process.argv.slice(2);
const workshop = makeWorkshop({
  dataFolder: data,
  dataFolderId: 'killed-landing',
  repositories: { thing: repo },
  processes: 4,
});
const outcome = await workshop.worktrees.land(session, { title: 'fix: mend it', body: '' });
process.stdout.write(JSON.stringify(outcome));
