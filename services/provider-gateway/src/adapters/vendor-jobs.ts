import type { Database } from '@darkroom/event-store';

/** Who owns a vendor's job. */
export interface VendorJobs {
  /** True: it is this generation's, now or already. False: another one's. */
  claim(account: string, vendorJobId: string, generation: string, attempt: number): Promise<boolean>;
}

/** Ownership as rows of the gateway's schema: first come, first served, and for ever. */
export function vendorJobs(sql: Database): VendorJobs {
  return {
    async claim(account, vendorJobId, generation, attempt) {
      await sql`
        insert into gateway.vendor_jobs (account, vendor_job_id, generation, attempt)
        values (${account}, ${vendorJobId}, ${generation}, ${attempt}) on conflict do nothing`;
      const [row] = await sql<{ generation: string }[]>`
        select generation from gateway.vendor_jobs
        where account = ${account} and vendor_job_id = ${vendorJobId}`;
      return row?.generation === generation;
    },
  };
}
