import { settings } from './settings.js';

const shownDefaults: Partial<Record<string, string>> = { DARKROOM_CACHE: '`~/.cache/darkroom`' };

/** The reference page of all settings, as Markdown; generated, so that it cannot differ from the code. */
export function settingsReference(): string {
  const rows = Object.entries(settings).map(([name, schema]) => {
    const absent = schema.safeParse(undefined);
    const value = absent.success && absent.data !== undefined ? `\`${String(absent.data)}\`` : 'absent';
    return `| \`${name}\` | ${shownDefaults[name] ?? value} | ${schema.description ?? ''} |`;
  });
  return [
    '# Settings',
    '',
    'Read from the environment once per process; an empty value counts as absent. A wrong one refuses to start, with one line that names it.',
    'Generated from `packages/platform/src/config/settings.ts`.',
    '',
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
