import { verifyProvidersFile } from '@darkroom/provider-accounts';
import { busSettingNames, kafkaCluster, kafkaSettingNames } from '@darkroom/event-bus';
import {
  type Environment,
  objectStoreSettingNames,
  readSettings,
  type SettingName,
  type SettingValues,
} from '@darkroom/platform';

/** What both launchers read: they hand it on to the services, in one process or in one each. */
const sharedNames = [
  'INTAKE_PORT',
  'CONTROL_PLANE_PORT',
  'SIMULATOR_PORT',
  'HOST',
  'PUBLIC_URL',
  'DATABASE_URL',
  'DATABASE_OWNER_URL',
  'PROVIDERS_FILE',
  'DARKROOM_DEMO_KEY',
  'DARKROOM_OPERATOR_KEY',
  'SIGNING_SECRET',
  'SIMULATOR_WEBHOOK_SECRET',
  'DAILY_BUDGET_MICROS',
  ...busSettingNames,
  ...objectStoreSettingNames,
] as const satisfies readonly SettingName[];

/** @throws ConfigError */
export function readLauncherSettings<const More extends SettingName>(
  more: readonly More[],
  env: Environment,
): SettingValues<(typeof sharedNames)[number] | More> {
  // A login without brokers would be shown to those that are started here.
  kafkaCluster(readSettings(kafkaSettingNames, env));
  const { PROVIDERS_FILE } = readSettings(['PROVIDERS_FILE'], env);
  if (PROVIDERS_FILE !== undefined) verifyProvidersFile(PROVIDERS_FILE, env);
  return readSettings([...sharedNames, ...more], env);
}
