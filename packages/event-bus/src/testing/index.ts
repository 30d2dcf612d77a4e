export { busConformance, type BusConformanceCase } from './bus-conformance.js';
export { type BusHarness, type ConsumeRequest, type RunningConsumer, until } from './harness.js';
