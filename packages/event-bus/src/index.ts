export { createBusMicroservice } from './bus-microservice.js';
export { BusError, type BusErrorCode } from './errors.js';
export { guardForward } from './guard.js';
export {
  type BusMessage,
  type BusMessageOf,
  toBusMessage,
  type TravellingData,
  untravelledFields,
} from './message.js';
export { busMigrations } from './migrations.js';
export type { KafkaAddress } from './kafka/client.js';
export { KafkaPublisher, type KafkaPublisherOptions } from './kafka/kafka-publisher.js';
export { type KafkaCluster, kafkaCluster, kafkaSettingNames } from './kafka/cluster.js';
export { busProbe, type BusSettings, busSettingNames, busSettings, openBus } from './open-bus.js';
export { listParked, type ParkedError, type ParkedStream } from './parked-streams.js';
export type { BusLog, Consumer, ConsumerHealth, ConsumerState, HandleMessage } from './port.js';
export { type ParkedFilter, previewReplay, type Replay, replayParked } from './replay-parked.js';
export { defaultRedeliveryPolicy, type RedeliveryPolicy } from './redelivery.js';
export { startSweep, type Sweep, type SweepOptions } from './sweep.js';
export { SurfaceHandlerErrors } from './surface-handler-errors.js';
