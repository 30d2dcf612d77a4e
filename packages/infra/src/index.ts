export { InfraError, type InfraErrorCode } from './errors.js';
export { install, isInstalled } from './install/install.js';
export type { Part, PartName } from './install/part.js';
export { partNames, parts } from './parts/index.js';
export { type KafkaOptions, type RunningKafka, startKafka } from './run/kafka.js';
export { type RunningS3, type S3Options, startS3 } from './run/s3.js';
