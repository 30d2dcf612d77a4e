export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.js';
export { debianBinaries, dump, restore, startDebianPostgres } from './debian-postgres.js';
export { type InnerPlan, innerPlans, type PlanNode, stepsOf } from './inner-plans.js';
