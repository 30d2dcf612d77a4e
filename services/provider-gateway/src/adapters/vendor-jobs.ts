import type { Database } from '@darkroom/event-store';

/** Who owns a vendor's job. */
export interface VendorJobs {
  /** True: it is this generation's, now or already. False: another one's. */
  claim(account: string, vendorJobId: string, generation: string, attempt: number): Promise<boolean>;
}

const mostKept = 10_000;

/** Ownership as rows of the gateway's schema: first come, first served, and for ever. */
export function vendorJobs(sql: Database): VendorJobs {
  const ours = new Map<string, string>();
  return {
    async claim(account, vendorJobId, generation, attempt) {
      const name = JSON.stringify([account, vendorJobId]);
      // For ever: what was answered once is not asked again.
      if (ours.get(name) === generation) return true;
      // Whoever is second rewrites what is there as it is, and so sees it in the same statement.
      const [row] = await sql<{ generation: string }[]>`
        insert into gateway.vendor_jobs as known (account, vendor_job_id, generation, attempt)
        values (${account}, ${vendorJobId}, ${generation}, ${attempt})
        on conflict (account, vendor_job_id) do update set generation = known.generation
        returning generation`;
      if (row?.generation !== generation) return false;
      const [oldest] = ours.keys();
      if (ours.size >= mostKept && oldest !== undefined) ours.delete(oldest);
      ours.set(name, generation);
      return true;
    },
  };
}
