import { memoryStore } from '../../src/runtime/memory-store.ts';
import { storeConformance } from './conformance.ts';
import type { OpenedStore } from './opened-store.ts';

storeConformance('the store in memory', async () => {
  const store = memoryStore();
  // What outlives a host in a simulation is the store itself.
  const opened: OpenedStore = { store, reopen: async () => opened, close: async () => {} };
  return opened;
});
