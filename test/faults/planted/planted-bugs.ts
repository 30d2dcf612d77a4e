import type { ChaosOptions } from '../chaos/run-chaos.js';
import type { Change } from './planted-copy.js';

/** A mistake, what must happen for it to matter, and what the checker must say then. */
export interface PlantedBug {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly run?: Partial<ChaosOptions>;
  readonly found: RegExp;
}

const gateway = 'services/provider-gateway/dist';
const artifact = 'services/artifact/dist';
const domain = 'packages/domain/dist';
const store = 'packages/event-store/dist/postgres';

/**
 * One process of all stands still as a whole, once a minute, for longer than a lease and all that follows from its end: its work is taken over, and it
 * comes back where it was. Whoever takes a submit over looks at the vendor some 24 s after the intent.
 */
const stillFor = (seconds: number, fs: string): string => `const { closeSync, openSync } = ${fs};
        try {
            closeSync(openSync(\`\${process.env.DATA_DIR}/stood-\${Math.floor(Date.now() / 60_000)}\`, 'wx'));
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${seconds}_000);
        } catch {}`;
const standStill = `if (access.qualified === 'sim/standard') {
        ${stillFor(25, "await import('node:fs')")}
    }`;
/** Between the intent and the first byte. */
const stillBeforeSubmit: Change = {
  file: `${gateway}/use-cases/submit.js`,
  find: 'await ports.at(3, generation);',
  replace: standStill,
};
/** With the pictures of a job in its hand; an answer that nothing has come of yet would tell nothing late. */
const stillAfterPoll: Change = {
  file: `${gateway}/use-cases/watch-job.js`,
  find: 'const otherwise = nextPoll(ports, state, attempt);',
  replace: `if (answer.kind === 'job' && answer.state.kind === 'produced') {
        ${standStill}
    }
    const otherwise = nextPoll(ports, state, attempt);`,
};
/** What was written first may be committed last. */
const slowTransactions: Change = {
  file: `${store}/append.js`,
  find: `                outcomes[member.index] = { outcome: 'appended', version };
        }`,
  replace: `                outcomes[member.index] = { outcome: 'appended', version };
        }
        await tx\`SELECT pg_sleep(random() * 0.2)\`;`,
};
/** What the bus does not bring stays unheard. */
const noSweep: Change = {
  file: 'packages/event-bus/dist/sweep.js',
  find: 'more = await sweepPage(options, subscription, holder);',
  replace: 'more = holder === subscription && (await sweepPage(options, subscription, holder));',
};
const twoOfEach = { env: { INSTANCES: '2' } };

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a request is acknowledged before it is committed',
    changes: [
      {
        file: 'services/intake/dist/use-cases/create-generation.js',
        find: 'const outcome = await appendRequest(ports, request, { stream, model, fingerprint: fingerprint.value });',
        replace: `setTimeout(() => appendRequest(ports, request, { stream, model, fingerprint: fingerprint.value }).catch(() => undefined), 300);
        const outcome = { outcome: 'created', stream };`,
      },
    ],
    run: { transport: 'kafka', targets: ['intake'] },
    found: /^lost: .*not in the store/,
  },
  {
    name: 'the key of a request is not looked at',
    changes: [
      {
        file: 'services/intake/dist/use-cases/create-generation.js',
        find: '        idempotencyKey,\n        fingerprint,',
        replace: '        idempotencyKey: `${idempotencyKey}${Math.random()}`,\n        fingerprint,',
      },
    ],
    found: /^lost: .* was acknowledged as .* and /,
  },
  {
    name: 'the log is read by position alone',
    changes: [
      {
        file: `${store}/read-all.js`,
        find: `    WHERE (e.tx, e.position) > (\${String(tx)}::xid8, \${String(position)}::bigint)
      AND e.tx < event_store.horizon()
    ORDER BY e.tx, e.position LIMIT`,
        replace: `    WHERE e.position > \${String(position)}::bigint AND \${String(tx)}::text IS NOT NULL
    ORDER BY e.position LIMIT`,
      },
      slowTransactions,
    ],
    // As long as its control has: what the bus passed over is swept up after a minute.
    run: { drainSeconds: 60 },
    found: /^(?:feed|topic|open): /,
  },
  {
    name: 'an answer that was lost is taken for a submit that was not made',
    changes: [
      {
        file: `${gateway}/policy/vendor-news.js`,
        find: "return { kind: 'unknown', cause: causes[outcome.reason], evidence };",
        replace:
          "return { kind: 'not_sent', failureClass: 'FAILURE_CLASS_NETWORK', reason: causes[outcome.reason] };",
      },
    ],
    run: { vendor: { submit: { drop_reply: 0.3 } } },
    found: /^charge: .*accepted \d+ times/,
  },
  {
    name: 'a job that is not listed yet is taken for one that is not there',
    changes: [
      {
        file: `${domain}/decide-hear-disproof.js`,
        find: 'return attempt.sendBy + (contract.acceptLagSeconds + contract.settlingSeconds) * 1000;',
        replace: 'return 0 * (attempt.sendBy + contract.settlingSeconds);',
      },
    ],
    run: { vendor: { submit: { drop_reply: 0.3 }, list: { lag_seconds: 2 } } },
    found: /^charge: .*accepted \d+ times/,
  },
  {
    name: 'a submit is sent however late it is',
    changes: [
      {
        file: 'packages/platform/dist/egress/one-call.js',
        find: 'if (request.sendByMonotonicMs !== undefined && performance.now() >= request.sendByMonotonicMs) {',
        replace: `if (String(request.body).includes('"standard"')) {
                ${stillFor(32, 'process.getBuiltinModule("node:fs")')}
            }
            if (request.sendByMonotonicMs === 0) {`,
      },
    ],
    run: { ...twoOfEach, targets: ['control-plane'], links: [], seconds: 40 },
    found: /^charge: .*accepted \d+ times/,
  },
  {
    name: 'what a vendor says late overwrites the end',
    changes: [
      {
        file: `${domain}/learn-job.js`,
        find: "if (attempt.number === state.current && phase === 'processing')",
        replace: "if (attempt.number === state.current && ['processing', 'succeeded'].includes(phase))",
      },
      {
        file: `${domain}/transitions.js`,
        find: '    OutputsProduced: {\n',
        replace: "    OutputsProduced: {\n        succeeded: go('storing', 'always'),\n",
      },
      stillAfterPoll,
    ],
    run: { ...twoOfEach, targets: ['control-plane'], links: [], seconds: 40 },
    found: /^stream: .*not legal/,
  },
  {
    name: 'the bytes of a picture are not compared with what the vendor declared',
    changes: [
      {
        file: `${artifact}/download/fetch-output.js`,
        find: "if (declared.sha256 !== '' && file.sha256 !== declared.sha256.toLowerCase())",
        replace: 'if (file.sha256 === declared.mediaType)',
      },
      {
        file: `${artifact}/verify/inspect-image.js`,
        find: "sharp(file.path, { failOn: 'error', limitInputPixels: limits.maxPixels })",
        replace: "sharp(file.path, { failOn: 'none', limitInputPixels: limits.maxPixels })",
      },
      {
        file: `${artifact}/verify/derive-preview.js`,
        find: "sharp(path, { failOn: 'error', limitInputPixels: maxPixels })",
        replace: "sharp(path, { failOn: 'none', limitInputPixels: maxPixels })",
      },
    ],
    run: { vendor: { output: { corrupt: 0.3 } } },
    found: /^image: .*not what the vendor made/,
  },
  {
    name: 'a picture is called stored that was not put',
    changes: [
      {
        file: `${artifact}/storing/put-verified.js`,
        find: `    await objects.put(object);
    const held = await objects.head(object.key);`,
        replace: `    object.body.destroy?.();
    const held = object;`,
      },
    ],
    found: /^image: .*stored is nothing/,
  },
  {
    name: 'an end is told as costing nothing',
    changes: [
      {
        file: `${domain}/charge.js`,
        find: "return charges.reduce(worseCharge, 'CHARGE_NONE');",
        replace: "return charges.length < 0 ? worseCharge('CHARGE_NONE', 'CHARGE_NONE') : 'CHARGE_NONE';",
      },
    ],
    run: { vendor: { job: { fail: 0.5 } } },
    found: /^charge: .*was told as not charged/,
  },
  {
    name: 'readers are given the row as it is, however old',
    changes: [
      {
        file: 'packages/read-models/dist/detail/get-generation.js',
        find: "if (detail && detail.version >= Number(row['head']))",
        replace: "if (detail && (detail.version >= Number(row['head']) || Math.random() < 0.5))",
      },
    ],
    run: { targets: ['projections'] },
    found: /^reader: /,
  },
  {
    name: 'an offset is committed before its message is handled',
    changes: [
      {
        file: 'packages/event-bus/dist/kafka/tenure.js',
        find: `            try {
                await run(over);`,
        replace: `            finish();
            await new Promise((resolve) => setTimeout(resolve, 600));
            try {
                await run(over);`,
      },
      {
        file: 'packages/event-bus/dist/kafka/tenure.js',
        find: '            finish();\n            this.done += 1;',
        replace: '            this.done += 1;',
      },
      noSweep,
    ],
    run: { transport: 'kafka', targets: ['provider-gateway', 'projections', 'artifact'], drainSeconds: 60 },
    found: /^(?:open|projection): /,
  },
  {
    name: 'the relay goes on before the broker has acknowledged',
    changes: [
      {
        file: 'services/relay/dist/relay.js',
        find: 'await publisher.publish(page.map(toBusMessage));',
        replace: 'publisher.publish(page.map(toBusMessage)).catch(() => undefined);',
      },
    ],
    run: { transport: 'kafka', targets: ['relay', 'kafka'] },
    found: /^topic: .*missing/,
  },
  {
    name: 'what is personal travels',
    changes: [
      {
        file: 'packages/event-bus/dist/message.js',
        find: '.filter(([name]) => !apart.has(name))',
        replace: ".filter(([name]) => !apart.has(name) || name === 'prompt')",
      },
    ],
    run: { transport: 'kafka' },
    found: /^topic: .*prompts are in/,
  },
];

/** The same waits without any mistake: what is found above is not found because of them. */
export const harmless: readonly Omit<PlantedBug, 'found'>[] = [
  {
    name: 'a process that stands still for longer than its lease, before a submit',
    changes: [stillBeforeSubmit],
    run: { ...twoOfEach, targets: ['control-plane'], links: [], seconds: 40, drainSeconds: 60 },
  },
  {
    name: 'a process that stands still for longer than its lease, with an answer in its hand',
    changes: [stillAfterPoll],
    run: { ...twoOfEach, targets: ['control-plane'], links: [], seconds: 40, drainSeconds: 60 },
  },
  {
    name: 'handlers that take their time, and no sweep behind them',
    changes: [
      {
        file: 'packages/event-bus/dist/kafka/tenure.js',
        find: `            try {
                await run(over);`,
        replace: `            await new Promise((resolve) => setTimeout(resolve, 600));
            try {
                await run(over);`,
      },
      noSweep,
    ],
    run: { transport: 'kafka', targets: ['provider-gateway', 'projections', 'artifact'], drainSeconds: 60 },
  },
  {
    // By this seed's plan the broker is killed, muted, cut off and slow again and again: what arrives late must arrive by the bus.
    name: 'all that the plan breaks on Kafka, and no sweep behind the bus',
    changes: [noSweep],
    run: { transport: 'kafka', seed: 15, seconds: 90, drainSeconds: 60 },
  },
  {
    name: 'a transaction that stays open for a while',
    changes: [slowTransactions],
    run: { drainSeconds: 60 },
  },
];
