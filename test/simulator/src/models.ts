/** How a model can be asked, and asked again: one submission contract each. */
export interface SimulatedModel {
  /** `Idempotency-Key` replays the first answer. */
  keyed: boolean;
  /** Keeps `reference`. */
  takesReference: boolean;
  /** A used `reference` is refused. */
  refusesUsedReference: boolean;
  /** Jobs can be listed by `reference`. */
  listed: boolean;
  /** Answers the submit with the images, after the work; there is no job to ask for. */
  inline: boolean;
}

const nothing: SimulatedModel = {
  keyed: false,
  takesReference: false,
  refusesUsedReference: false,
  listed: false,
  inline: false,
};

/** The catalogue: names as they stand in `model` of a submit. */
export const simulatedModels = {
  standard: { ...nothing, takesReference: true, listed: true },
  keyed: { ...nothing, keyed: true, takesReference: true },
  reject: { ...nothing, takesReference: true, refusesUsedReference: true, listed: true },
  blind: nothing,
  inline: { ...nothing, inline: true },
} as const satisfies Record<string, SimulatedModel>;

export type ModelName = keyof typeof simulatedModels;

export function isModelName(name: string): name is ModelName {
  return Object.hasOwn(simulatedModels, name);
}

/** Charged at acceptance, refunded never. */
export const microsPerImage = 40_000;
