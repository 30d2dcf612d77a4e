export type { Claim, ClaimRequest, Move, WaitingPlace, Wake } from './job.js';
export { workTable, workTableMigrations, type WorkTable, type WorkTableOptions } from './work-table.js';
export {
  type ClaimableAccount,
  type HeldJob,
  JobEnded,
  type JobLog,
  type JobWorker,
  type JobWorkerOptions,
  startJobWorker,
} from './job-worker.js';
