// One service as a process of its own, that ends or stops itself at a line of the crash table. Run by ServiceProcess.
import 'reflect-metadata';
import { artifactDefaults, startArtifact } from '@darkroom/artifact';
import { simulatorAccount, startProviderGateway } from '@darkroom/provider-gateway';

const { service, databaseUrl, dataDir, simulatorUrl, crash, leaseSeconds = 3 } = JSON.parse(process.argv[2]);

const bus = { kind: 'postgres' };
const objects = { kind: 'local-disk', directory: `${dataDir}/objects` };
let hasStopped = false;
async function at(line) {
  if (crash === undefined) return;
  if (hasStopped || line !== crash.line) {
    if (hasStopped) process.stdout.write(`past ${line}\n`);
    return;
  }
  hasStopped = true;
  // What was just written to a socket is given the time to leave.
  if (line === 4) await new Promise((resolve) => setTimeout(resolve, 100));
  process.stdout.write(`at ${line}\n`);
  process.kill(process.pid, crash.signal);
  // The signal arrives before the next turn of the loop; nothing after the line may run before.
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const running =
  service === 'artifact'
    ? await startArtifact(
        {
          ...artifactDefaults,
          databaseUrl,
          bus,
          objects,
          dataDir,
          allowedHosts: [{ account: 'sim', origin: new URL(simulatorUrl).origin }],
          logLevel: 'error',
          leaseSeconds,
        },
        { at },
      )
    : await startProviderGateway(
        {
          databaseUrl,
          publicUrl: 'http://127.0.0.1:9',
          bus,
          objects,
          signingSecrets: ['a secret of these tests alone'],
          accounts: [simulatorAccount(simulatorUrl)],
          logLevel: 'error',
          leaseSeconds,
        },
        { at },
      );
process.stdout.write('running\n');
process.on('SIGTERM', () => void running.stop().then(() => process.exit(0)));
