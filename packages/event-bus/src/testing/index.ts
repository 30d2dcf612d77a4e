export { busConformance, type BusConformanceCase } from './bus-conformance.js';
export { type BusHarness, type ConsumeRequest, type RunningConsumer, until } from './harness.js';
export { limitRecords } from './limit-records.js';
export { readTopic, type TopicRecord } from './read-topic.js';
export { OwnSockets } from '../kafka/own-sockets.js';
export { sampleAppender } from './sample-bus.js';
