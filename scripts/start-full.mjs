import { ensureBuilt } from './build.mjs';
import { refuse, root, run } from './installed.mjs';

// Each service runs as a process of its own, on real servers: those that no setting names are fetched once.
ensureBuilt();
const usesKafka = (process.env.BUS || 'kafka') === 'kafka';
const wanted = [
  ...(usesKafka && !process.env.KAFKA_BROKERS ? ['kafka'] : []),
  ...(process.env.S3_BUCKET ? [] : ['s3']),
];
if (wanted.length > 0 && run(process.execPath, [`${root}/packages/infra/dist/main.js`, ...wanted]) !== 0)
  refuse('start:full needs real servers that could not be had; the reason is above');
await import('../deploy/local/dist/full/main.js');
