// A worker without Darkroom: takes a request from a queue, has the picture drawn, downloads it and keeps it.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workOnBullMq } from './bullmq.js';
import { orderSchema } from './order.js';
import { workOnPgBoss } from './pg-boss.js';
import type { Handle } from './queue.js';
import { clientOf } from './vendor-clients.js';

const order = orderSchema.parse(JSON.parse(process.argv[2] ?? ''));
const vendor = clientOf(order.vendor, order.vendorUrl);

const handle: Handle = async ({ id, prompt }, kept) => {
  let link: string;
  if (!order.keepsIds) link = await vendor.run(prompt);
  else {
    let job = kept.id;
    if (job === undefined) {
      job = await vendor.submit(prompt);
      await kept.keep(job);
    }
    link = await vendor.wait(job);
  }
  const answer = await fetch(link, { signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`the picture answered ${answer.status}`);
  const file = join(order.folder, id);
  writeFileSync(`${file}.part`, Buffer.from(await answer.arrayBuffer()));
  renameSync(`${file}.part`, file);
};

if (order.queue === 'pg-boss') await workOnPgBoss(order.queueUrl, order.concurrency, handle);
else await workOnBullMq(order.queueUrl, order.concurrency, handle);
process.stdout.write('takes work\n');
