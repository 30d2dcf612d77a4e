export { InfraError, type InfraErrorCode } from './errors.js';
export { install, isInstalled } from './install/install.js';
export type { Part, PartName } from './install/part.js';
export { partNames, parts } from './parts/index.js';
export { type KafkaOptions, type RunningKafka, startKafka } from './run/kafka.js';
export { answers } from './run/answers.js';
export { type JaegerOptions, type RunningJaeger, startJaeger } from './run/jaeger.js';
export { type ServerProcess, type ServerProcessOptions, startServerProcess } from './run/server-process.js';
export { type RunningS3, type S3Options, startS3 } from './run/s3.js';
