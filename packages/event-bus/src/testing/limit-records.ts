import kafkajs from 'kafkajs';
import { openKafka } from '../kafka/client.js';
import { OwnSockets } from '../kafka/own-sockets.js';
import { silentLog } from '../port.js';

/** Sets how large a record a topic takes, as an operator would. */
export async function limitRecords(brokers: string, topic: string, bytes: number): Promise<void> {
  const sockets = new OwnSockets();
  const admin = openKafka({ brokers: [brokers], clientId: 'operator' }, sockets, silentLog).admin();
  try {
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
        },
      ],
    });
    await admin.disconnect();
  } finally {
    sockets.cut(new Error('done'));
  }
}
