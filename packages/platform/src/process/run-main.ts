/**
 * Runs what a process is there for. Where it does not start, the process says why in one line and ends with code 1; what has
 * no code of its own is a bug, and shows where it is.
 */
export async function runMain(name: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const isKnown = error instanceof Error && 'code' in error && typeof error.code === 'string';
    const why = error instanceof Error ? (isKnown ? error.message : error.stack) : String(error);
    process.stderr.write(`${name}: ${why ?? ''}\n`);
    process.exit(1);
  }
}
