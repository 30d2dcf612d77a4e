export type { Claim, ClaimRequest, Move, Wake } from './job.js';
export { workTable, workTableMigrations, type WorkTable, type WorkTableOptions } from './work-table.js';
