import { spawnSync } from 'node:child_process';

/** A program that must be on the PATH. */
export interface Tool {
  readonly program: string;
  /** As people call it. */
  readonly title: string;
  /** Asks it for its version. */
  readonly versionArgs: readonly string[];
  /** The first group is the major version. */
  readonly versionPattern: RegExp;
  readonly atLeast: number;
  /** What brings it on Debian. */
  readonly debianPackage: string;
}

export const java: Tool = {
  program: 'java',
  title: 'Java 17',
  versionArgs: ['-version'],
  versionPattern: /version "(\d+)/,
  atLeast: 17,
  debianPackage: 'openjdk-17-jre-headless',
};
export const maven: Tool = {
  program: 'mvn',
  title: 'Maven 3',
  versionArgs: ['--version'],
  versionPattern: /Apache Maven (\d+)/,
  atLeast: 3,
  debianPackage: 'maven',
};
export const go: Tool = {
  program: 'go',
  title: 'Go 1.24',
  versionArgs: ['version'],
  versionPattern: /go1\.(\d+)/,
  atLeast: 24,
  debianPackage: 'golang (of backports), or go.dev/dl',
};
export const python: Tool = {
  program: 'python3',
  title: 'Python 3.8 with pip',
  versionArgs: ['-m', 'pip', '--version'],
  versionPattern: /python 3\.(\d+)/,
  atLeast: 8,
  debianPackage: 'python3-pip',
};

/** What is wrong with a tool here; undefined: nothing. */
export function faultOf(tool: Tool): string | undefined {
  const asked = spawnSync(tool.program, tool.versionArgs, { encoding: 'utf8' });
  if (asked.error) return `${tool.title} is needed and \`${tool.program}\` is not on the PATH`;
  const version = tool.versionPattern.exec(`${asked.stdout}${asked.stderr}`)?.[1];
  if (version === undefined) return `${tool.title} is needed and \`${tool.program}\` does not run`;
  return Number(version) < tool.atLeast
    ? `${tool.title} or newer is needed and \`${tool.program}\` is older`
    : undefined;
}
