import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { kafkaPart } from '../parts/kafka.js';
import { runTool } from '../install/run-tool.js';
import { freePort } from '@darkroom/embedded-postgres';
import { installedFolder } from './installed-folder.js';
import { type OwnServerOptions, ownFolder } from './own-folder.js';
import { keptFile } from './kept-file.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface KafkaOptions extends OwnServerOptions {
  /** Megabytes of Java heap. Default 512. */
  readonly heapMb?: number;
  /** Where it listens; as it was over restarts. Default: a free one. */
  readonly port?: number;
  /** Broker settings beside those below. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** One broker, its own controller. */
export interface RunningKafka extends ServerProcess {
  /** `host:port`. */
  readonly brokers: string;
}

/** The same over restarts: who was connected finds it again. */
const portsSchema = z.object({ broker: z.int(), controller: z.int() });
type Ports = z.output<typeof portsSchema>;

// What `kafka-storage random-uuid` would make; a cluster of one needs no other.
const clusterId = 'ZGFya3Jvb20tb25lLW5vZA';

/**
 * Starts a Kafka of one's own on loopback. Topics are made by who owns them and never by who asks for one that is not there.
 * @throws InfraError `not_installed` or `start_failed`
 */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const folder = installedFolder(kafkaPart);
  const { dataDir, told } = await ownFolder('kafka', options);
  const ports = await keptFile(join(dataDir, 'ports.json'), portsSchema, async () => ({
    broker: options.port ?? (await freePort()),
    controller: await freePort(),
  }));
  const logs = join(dataDir, 'logs');
  const configFile = join(dataDir, 'server.properties');
  await writeFile(configFile, properties({ ...brokerSettings(ports, logs), ...options.settings }));
  const classes = ['-cp', join(folder, 'libs', '*')];
  if (!existsSync(join(logs, 'meta.properties')))
    await runTool('java', [
      ...classes,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      configFile,
    ]);
  const heap = `${options.heapMb ?? 512}m`;
  const server = await startServerProcess({
    name: 'kafka',
    program: 'java',
    args: [
      `-Xms${heap}`,
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      ...classes,
      'kafka.Kafka',
      configFile,
    ],
    ready: /Kafka Server started/,
    ...told,
  });
  return { ...server, brokers: `127.0.0.1:${ports.broker}` };
}

const brokerSettings = ({ broker, controller }: Ports, logs: string): Record<string, string> => ({
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': logs,
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '2',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '0',
  // Kafka's floor is 6 s: a member that died is found out soon.
  'group.min.session.timeout.ms': '1000',
});

const properties = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
