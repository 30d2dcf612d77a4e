import { upcast, type Upcasters } from './upcast.js';

/** As if progress had once been told in thousandths, and its words had been secret. */
const registry: Upcasters = {
  ProgressReported: {
    1: ({ data: { perMille, ...data }, personal }) => ({
      data: { ...data, ...(typeof perMille === 'number' ? { percent: perMille / 10 } : {}) },
      personal,
    }),
    2: ({ data, personal }) => ({ data, personal: { words: '', ...personal } }),
  },
};

describe('upcasting', () => {
  it('lifts step by step to what is asked for', () => {
    const stored = { data: { run: 1, perMille: 250 }, personal: { words: 'half way' } };
    expect(upcast('ProgressReported', 1, 3, stored, registry)).toEqual({
      data: { run: 1, percent: 25 },
      personal: { words: 'half way' },
    });
    expect(upcast('ProgressReported', 2, 3, { data: { run: 1 }, personal: null }, registry)).toEqual({
      data: { run: 1 },
      personal: { words: '' },
    });
  });

  it('leaves what is of the present version', () => {
    const stored = { data: { run: 1 }, personal: null };
    expect(upcast('ProgressReported', 3, 3, stored, registry)).toBe(stored);
  });

  it('brings nothing back that was erased', () => {
    const stored = { data: { perMille: 250 }, personal: {} };
    expect(upcast('ProgressReported', 1, 3, stored, registry)).toEqual({
      data: { percent: 25 },
      personal: {},
    });
  });

  it('says which step is missing', () => {
    expect(() => upcast('ProgressReported', 3, 4, { data: {}, personal: null }, registry)).toThrow(
      'no upcaster lifts ProgressReported from schema version 3',
    );
  });
});
