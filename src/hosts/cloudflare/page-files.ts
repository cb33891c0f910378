/** The files of the page, from the Worker's static assets. Owns how they are asked for; a Worker may have none. */
import type { PageFiles } from '../../http/page.ts';
import type { Bindings } from './bindings.ts';

/** @returns undefined where no assets are bound */
export function pageFiles({ ASSETS }: Pick<Bindings, 'ASSETS'>): PageFiles | undefined {
  if (!ASSETS) return undefined;
  const read = async (path: string): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    // Which origin, the binding doesn't mind.
    const response = await ASSETS.fetch(new Request(`https://assets.invalid${path}`));
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new Error(`the assets answered ${response.status} for ${path}`);
    return bytes;
  };
  return { index: () => read('/index.html'), asset: (name) => read(`/assets/${name}`) };
}
