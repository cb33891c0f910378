/** The thread that turns a page's contents into text, since a page may be made to take long. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { textOfPage } from '../../../tools/page-text.ts';

const { kind, contents, url } = z
  .object({ kind: z.enum(['html', 'json', 'text']), contents: z.string(), url: z.string() })
  .parse(workerData);
parentPort?.postMessage(textOfPage(kind, contents, url));
