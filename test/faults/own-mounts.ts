/**
 * A command in a mount namespace of its own: what is mounted there is gone with it, and seen by nobody else.
 * @param before shell commands to run first; each step is an exec, so that the pid is the program's
 */
export const inOwnMounts = (
  before: readonly string[],
  program: readonly string[],
): readonly [command: string, args: readonly string[]] => [
  'unshare',
  [
    process.getuid?.() === 0 ? '-m' : '-rm',
    'sh',
    '-c',
    [...before, 'exec "$0" "$@"'].join(' && '),
    ...program,
  ],
];
