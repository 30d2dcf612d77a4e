import { readFileSync, writeFileSync } from 'node:fs';
import { ConfigError } from './config-error.js';
import { readSettings, type SettingName, settings } from './settings.js';
import { settingsReference } from './settings-reference.js';

const settingNames = Object.keys(settings) as SettingName[];
const wrongValues = ['not one', '-1', '99999999999', 'http://[', 'a\u0007b', 'x'.repeat(5_000)];

describe('settings', () => {
  it('have defaults, and are typed', () => {
    const read = readSettings(['INTAKE_PORT', 'LOG_PROMPTS', 'DATABASE_URL', 'HOST'], {
      LOG_PROMPTS: 'true',
      DATABASE_URL: '',
    });
    const port: number = read.INTAKE_PORT;
    expect([port, read.LOG_PROMPTS, read.DATABASE_URL, read.HOST]).toEqual([
      8080,
      true,
      undefined,
      '127.0.0.1',
    ]);
  });

  it.each([
    ['INTAKE_PORT', '80a'],
    ['INTAKE_PORT', '70000'],
    ['INTAKE_PORT', '-1'],
    ['BUS', 'rabbit'],
    ['S3_ENDPOINT', 'ftp://127.0.0.1:9000'],
    ['S3_BUCKET', 'Images'],
    ['KAFKA_BROKERS', 'broker'],
    ['SIMULATOR_WEBHOOK_SECRET', 'zzz'],
    ['SIMULATOR_WEBHOOK_SECRET', 'whsec_short'],
    ['DATABASE_URL', 'mysql://x'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_PROMPTS', 'yes'],
    ['DARKROOM_DEMO_KEY', 'dk_ops_0123456789abcdef'],
    ['DARKROOM_DEMO_KEY', 'short'],
    ['SIGNING_SECRET', 'short'],
    ['PUBLIC_URL', 'file:///etc/passwd'],
  ] as const)('%s=%s is refused in one line that names it and not its value', (name, value) => {
    let message = '';
    try {
      readSettings([name], { [name]: value });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      message = error instanceof Error ? error.message : '';
    }
    expect(message).toContain(name);
    expect(message).not.toContain('\n');
    if (name.endsWith('KEY') || name.endsWith('SECRET')) expect(message).not.toContain(value);
  });

  it('that are wrong are refused by every process, also by one that does not read them', () => {
    expect(() => readSettings(['HOST'], { S3_BUCKET: 'Images!' })).toThrow('S3_BUCKET: must be the name');
    expect(() => readSettings(['HOST'], { BUS: 'rabbit' })).toThrow('BUS: must be postgres or kafka');
  });

  it.each(settingNames)('%s has values that are refused, by every process', (name) => {
    const refused = wrongValues.filter((value) => !settings[name].safeParse(value).success);
    expect(refused).not.toEqual([]);
    for (const value of refused)
      expect(() => readSettings([], { [name]: value })).toThrow(
        new RegExp(`^wrong settings: ${name}: [^\\n]+$`),
      );
  });

  it('rotate their signing secrets', () => {
    expect(
      readSettings(['SIGNING_SECRET'], { SIGNING_SECRET: 'a'.repeat(16) + ' , ' + 'b'.repeat(16) })
        .SIGNING_SECRET,
    ).toEqual(['a'.repeat(16), 'b'.repeat(16)]);
  });

  it('are all in the reference page, which is current', () => {
    const file = new URL('../../../../docs/reference/settings.md', import.meta.url);
    if (process.env['DARKROOM_WRITE_GOLDEN'] === '1') writeFileSync(file, settingsReference());
    const page = readFileSync(file, 'utf8');
    const rows = (text: string) =>
      text.split('\n').map((line) => line.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---'));
    expect(rows(page)).toEqual(rows(settingsReference()));
  });
});
