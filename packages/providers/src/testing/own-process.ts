import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * What a program prints, run in a process of its own and with nothing of this one's environment: for clients that read their settings when they are
 * loaded, or that do not run inside of jest.
 */
export async function printedBy(
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: process.env['PATH'], ...env },
    timeout: 30_000,
  });
  return stdout.trim();
}
