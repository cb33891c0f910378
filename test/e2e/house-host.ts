/** What a house needs of the host that it stands on. Holds no host. */
import type { StoredLog } from '../fault/log-book.ts';
import type { GatewayProcess } from './gateway-child.ts';

/** What a gateway is started with. */
export interface Site {
  /** The working directory; `tidings.config.json` may lie in it. */
  readonly folder: string;
  /** Where all data is kept. */
  readonly data: string;
  readonly simulator: { readonly url: string };
  /** Settings of the environment beside those that point at the simulator. */
  readonly env: Readonly<Record<string, string>>;
}

export interface HouseHost {
  /** May come again after `stop`, on the same data. */
  start(site: Site): Promise<{ url: string; token: string }>;
  /** Ends it in order. Nothing happens if none runs. */
  stop(): Promise<void>;
  /** All logs that are stored, while nothing runs. */
  logs(data: string): StoredLog[];
}

export interface ProcessHost extends HouseHost {
  /** As it was last started. */
  gateway(): GatewayProcess | undefined;
}
