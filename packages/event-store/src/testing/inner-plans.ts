import postgres from 'postgres';
import { z } from 'zod';
import type { DatabaseRole } from '../migrations/roles.js';
import type { TestDatabase } from './test-database.js';

/** One step of a plan, as Postgres reports it after the run. */
export interface PlanNode {
  /** `Index Scan`, `Sort`, … */
  readonly type: string;
  readonly index: string | undefined;
  readonly relation: string | undefined;
  /** How the index was entered. */
  readonly indexCondition: string | undefined;
  /** What was looked at row by row. */
  readonly filter: string | undefined;
  /** Pages of it and of all below it, whether they were in memory or not. */
  readonly pages: number;
  readonly parts: readonly PlanNode[];
}

/** A statement that ran inside a function, with the plan that it ran by. */
export interface InnerPlan {
  readonly statement: string;
  readonly plan: PlanNode;
}

const planNode: z.ZodType<PlanNode> = z.lazy(() =>
  z
    .object({
      'Node Type': z.string(),
      'Index Name': z.string().optional(),
      'Relation Name': z.string().optional(),
      'Index Cond': z.string().optional(),
      Filter: z.string().optional(),
      'Shared Hit Blocks': z.number(),
      'Shared Read Blocks': z.number(),
      Plans: z.array(planNode).optional(),
    })
    .transform((node) => ({
      type: node['Node Type'],
      index: node['Index Name'],
      relation: node['Relation Name'],
      indexCondition: node['Index Cond'],
      filter: node.Filter,
      pages: node['Shared Hit Blocks'] + node['Shared Read Blocks'],
      parts: node.Plans ?? [],
    })),
);
const explained = z.object({ 'Query Text': z.string(), Plan: planNode });

/**
 * Runs something in a role, and tells the plans of all statements in it, those inside of functions too: an EXPLAIN from outside
 * shows a function as one step. By Postgres' own auto_explain.
 */
export async function innerPlans(
  database: Pick<TestDatabase, 'superuserUrl'>,
  role: DatabaseRole,
  run: (session: postgres.Sql) => Promise<unknown>,
): Promise<InnerPlan[]> {
  const told: string[] = [];
  const session = postgres(database.superuserUrl, {
    max: 1,
    fetch_types: false,
    onnotice: ({ message }) => void told.push(message ?? ''),
  });
  try {
    await session.unsafe(`
      LOAD 'auto_explain';
      SET auto_explain.log_min_duration = 0;
      SET auto_explain.log_nested_statements = on;
      SET auto_explain.log_analyze = on;
      SET auto_explain.log_buffers = on;
      SET auto_explain.log_format = json;
      SET auto_explain.log_level = notice;
      SET ROLE ${role}`);
    told.length = 0;
    await run(session);
    return told.filter((text) => text.includes('"Plan"')).map(parse);
  } finally {
    await session.end({ timeout: 5 });
  }
}

function parse(message: string): InnerPlan {
  const { 'Query Text': statement, Plan: plan } = explained.parse(
    JSON.parse(message.slice(message.indexOf('{'))),
  );
  return { statement, plan };
}

/** A plan's steps, the outermost first. */
export function stepsOf(plan: PlanNode): PlanNode[] {
  return [plan, ...plan.parts.flatMap(stepsOf)];
}
