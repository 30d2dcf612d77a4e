import { eventStoreConformance } from '../conformance/event-store-conformance.js';
import { createMemoryEventStore } from './store.js';

eventStoreConformance('memory', async (mayAppend) => {
  const store = createMemoryEventStore(mayAppend ? { mayAppend } : {});
  return {
    store,
    close: () => store.stop(),
    async makeRow(held) {
      let moves = 0;
      return {
        moves: async () => moves,
        move: (fencing) => ({
          postgres: () => {
            throw new Error('the memory store has no Postgres');
          },
          memory() {
            if (fencing !== held) return false;
            moves += 1;
            return true;
          },
        }),
      };
    },
  };
});
