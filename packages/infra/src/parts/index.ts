import type { Part, PartName } from '../install/part.js';
import { cogPart } from './cog.js';
import { comfyProxyPart } from './comfy-proxy.js';
import { jaegerPart } from './jaeger.js';
import { kafkaPart } from './kafka.js';
import { s3Part } from './s3.js';
import { toxiproxyPart } from './toxiproxy.js';

/** What there is, the quick ones first. */
export const parts: Readonly<Record<PartName, Part>> = {
  kafka: kafkaPart,
  s3: s3Part,
  toxiproxy: toxiproxyPart,
  cog: cogPart,
  'comfy-proxy': comfyProxyPart,
  jaeger: jaegerPart,
};

export const partNames = [
  'kafka',
  's3',
  'toxiproxy',
  'cog',
  'comfy-proxy',
  'jaeger',
] as const satisfies readonly PartName[];

export const isPartName = (name: string): name is PartName => (partNames as readonly string[]).includes(name);
