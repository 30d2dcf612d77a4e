import type { z } from 'zod';
import { ConfigError } from './config-error.js';

/** Where settings come from; process.env fits. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the keys of an object schema from the environment. An empty value counts as absent.
 * @throws ConfigError naming every wrong setting in one line, never its value (it may be a secret)
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment,
): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = env[name]?.trim();
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const wrong = result.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? 'settings');
    return given[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`;
  });
  throw new ConfigError(`wrong settings: ${wrong.join('; ').replaceAll(/\s+/g, ' ')}`);
}
