import { eventStoreConformance } from '../conformance/event-store-conformance.js';
import { createMemoryEventStore } from './store.js';

eventStoreConformance('memory', async (mayAppend) => {
  const store = createMemoryEventStore(mayAppend ? { mayAppend } : {});
  return { store, close: () => store.stop() };
});
