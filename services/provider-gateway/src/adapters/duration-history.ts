import { arrayOf, type Database } from '@darkroom/event-store';
import type { Logger } from '@darkroom/platform';
import { bucketOf, type UsualDuration, usualOf } from '../policy/durations.js';

/** How long jobs of each model take, as all gateways saw it. */
export interface DurationHistory {
  /** A job of `<provider>/<model>` took so long, in milliseconds. */
  note(model: string, ms: number): void;
  /** Undefined: too few were seen. */
  usual(model: string): UsualDuration | undefined;
  /** Writes what was noted and reads what the others did; done by itself now and then. */
  exchange(): Promise<void>;
  stop(): Promise<void>;
}

const exchangeMs = 5_000;
/** Beyond so many, what was before counts half. */
const mostRemembered = 1_000;

/** Kept in memory and exchanged through the gateway's schema; what a crash loses is a few seconds of it. */
export function durationHistory(sql: Database, logger: Logger): DurationHistory {
  let noted = new Map<string, { readonly model: string; readonly bucket: number; n: number }>();
  let usual = new Map<string, UsualDuration>();

  const write = async (): Promise<void> => {
    const rows = [...noted.values()];
    noted = new Map();
    if (rows.length === 0) return;
    // In the order of the key: two that write the same buckets wait for each other instead of deadlocking.
    await sql`
      insert into gateway.model_durations as d (model, bucket, n)
      select * from unnest(${arrayOf(rows.map(({ model }) => model))}::text[],
                           ${arrayOf(rows.map(({ bucket }) => bucket))}::int[],
                           ${arrayOf(rows.map(({ n }) => n))}::float8[]) as r (model, bucket, n)
      order by 1, 2
      on conflict (model, bucket) do update set n = d.n + excluded.n`;
    await sql`
      with faded as (
        select d.model, d.bucket from gateway.model_durations d
        where d.model in (select model from gateway.model_durations group by model having sum(n) > ${mostRemembered})
        order by 1, 2 for update
      )
      update gateway.model_durations d set n = d.n / 2 from faded f where d.model = f.model and d.bucket = f.bucket`;
  };

  const read = async (): Promise<void> => {
    const rows = await sql<{ model: string; bucket: number; n: number }[]>`
      select model, bucket, n from gateway.model_durations`;
    const histograms = new Map<string, Map<number, number>>();
    for (const { model, bucket, n } of rows) {
      const histogram = histograms.get(model) ?? new Map<number, number>();
      histograms.set(model, histogram.set(bucket, n));
    }
    usual = new Map(
      [...histograms].flatMap(([model, histogram]) => {
        const said = usualOf(histogram);
        return said === undefined ? [] : [[model, said] as const];
      }),
    );
  };

  let running: Promise<void> | undefined;
  const exchange = async (): Promise<void> => {
    await write();
    await read();
  };
  const exchangeOnce = async (): Promise<void> => {
    try {
      await exchange();
    } catch (error) {
      logger.warn({ err: error }, 'how long jobs take could not be exchanged; it is tried again');
    }
    running = undefined;
  };
  const timer = setInterval(() => {
    running ??= exchangeOnce();
  }, exchangeMs);

  return {
    note(model, ms) {
      const bucket = bucketOf(ms);
      const name = `${bucket} ${model}`;
      const row = noted.get(name);
      if (row === undefined) noted.set(name, { model, bucket, n: 1 });
      else row.n += 1;
    },
    usual: (model) => usual.get(model),
    exchange,
    async stop() {
      clearInterval(timer);
      await running;
      await exchangeOnce();
    },
  };
}
