import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@darkroom/embedded-postgres';
import { readTopic, sampleAppender, until } from '@darkroom/event-bus/testing';
import { createPostgresEventStore, type EventStore } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { type RunningKafka, startKafka } from '@darkroom/infra';
import { relaySubscription } from './relay.js';
import { RelayProcess } from './testing/relay-process.js';

const password = 'a password of this test';

describe('a broker that wants TLS and a login', () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-secured-'));
  const certificate = join(folder, 'broker.crt');
  let broker: RunningKafka;
  let database: TestDatabase;
  let store: EventStore;
  let open: string;
  let secured: string;
  const relays: RelayProcess[] = [];

  beforeAll(async () => {
    const keystore = join(folder, 'broker.p12');
    const ofKeystore = ['-keystore', keystore, '-storepass', 'of-this-test', '-alias', 'broker'];
    const named = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost', '-keyalg', 'EC', '-validity', '2'];
    execFileSync('keytool', ['-genkeypair', ...ofKeystore, ...named], { stdio: 'ignore' });
    execFileSync('keytool', ['-exportcert', '-rfc', '-file', certificate, ...ofKeystore], {
      stdio: 'ignore',
    });
    const [plainPort, securedPort, controllerPort] = [await freePort(), await freePort(), await freePort()];
    open = `127.0.0.1:${plainPort}`;
    secured = `localhost:${securedPort}`;
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    broker = await startKafka({
      dataDir: join(folder, 'kafka'),
      settings: {
        listeners: `PLAINTEXT://${open},SECURED://127.0.0.1:${securedPort},CONTROLLER://127.0.0.1:${controllerPort}`,
        'advertised.listeners': `PLAINTEXT://${open},SECURED://${secured}`,
        'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL',
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.secured.plain.sasl.jaas.config': `${login} user_darkroom="${password}";`,
        'listener.name.secured.ssl.keystore.location': keystore,
        'listener.name.secured.ssl.keystore.password': 'of-this-test',
        'listener.name.secured.ssl.keystore.type': 'PKCS12',
      },
    });
    database = await createTestDatabase();
    store = createPostgresEventStore(database.sql);
  });
  afterAll(async () => {
    await Promise.all(relays.map((relay) => relay.kill()));
    await store.stop();
    await database.drop();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (settings: Readonly<Record<string, string>>): RelayProcess => {
    const relay = new RelayProcess({
      NODE_EXTRA_CA_CERTS: certificate,
      DATABASE_URL: database.url,
      KAFKA_BROKERS: secured,
      KAFKA_SSL: 'true',
      KAFKA_USERNAME: 'darkroom',
      KAFKA_PASSWORD: password,
      KAFKA_SASL_MECHANISM: 'plain',
      ...settings,
    });
    relays.push(relay);
    return relay;
  };

  it('refuses a wrong password, which the relay says and does not print; with the right one all is published', async () => {
    const stream = randomUUID();
    const append = sampleAppender(store);
    await append(stream);
    await append(stream);
    const wrong = start({ KAFKA_PASSWORD: 'a wrong password' });
    await until('it says so', () => wrong.printed.includes('events could not be published'), 30_000);
    expect(wrong.printed).toMatch(/SASL PLAIN authentication failed/);
    expect(wrong.printed).not.toContain('a wrong password');
    await wrong.kill();
    start({});
    const end = await store.head();
    await until('published', async () => ((await store.checkpoints.read(relaySubscription)) ?? '') >= end);
    const records = await readTopic(open, 'generation.events');
    expect(records.map(({ key, headers }) => [key, headers['ce_sequence']])).toEqual([
      [stream, '1'],
      [stream, '2'],
    ]);
  });
});
