/** Which release this is: read from the package when the Worker is bundled. */
import manifest from '../../../package.json' with { type: 'json' };

export const version: string = manifest.version;
