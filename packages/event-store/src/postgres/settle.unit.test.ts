import { readAgain, settled } from './settle.js';

const failed = (code: string): Error => Object.assign(new Error('it failed'), { code });

/** Fails with these codes, one a try, and then answers. */
function failing(...codes: readonly string[]) {
  const calls = { tries: 0 };
  const run = async (): Promise<string> => {
    const code = codes[calls.tries];
    calls.tries += 1;
    if (code !== undefined) throw failed(code);
    return 'done';
  };
  return { calls, run };
}
const always = (code: string) => failing(...Array.from({ length: 100 }, () => code));

describe('a write', () => {
  it.each(['40001', '40P01'])('that lost a race (%s) is tried again at once', async (code) => {
    const { calls, run } = failing(code, code, code);
    // No time to settle anything: a race needs none.
    expect(await settled(run, 0)).toBe('done');
    expect(calls.tries).toBe(4);
  });

  it('that loses every race is given up, as not written', async () => {
    const { calls, run } = always('40P01');
    await expect(settled(run, 1_000)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(calls.tries).toBe(11);
  });

  it('whose answer was lost is asked for again, through an outage and a race as well', async () => {
    const { calls, run } = failing('ECONNRESET', 'ECONNREFUSED', '55P03', '40001');
    expect(await settled(run, 5_000)).toBe('done');
    expect(calls.tries).toBe(5);
  });

  it('whose answer was lost and never comes is unknown once its time is over', async () => {
    const first = failed('ECONNRESET');
    let tries = 0;
    const run = async (): Promise<never> => {
      tries += 1;
      throw tries === 1 ? first : failed('ECONNREFUSED');
    };
    await expect(settled(run, 100)).rejects.toMatchObject({ code: 'outcome_unknown', cause: first });
    expect(tries).toBeGreaterThan(1);
  });

  it.each([
    ['ECONNREFUSED', 'store_unavailable'],
    ['55P03', 'store_unavailable'],
    ['23505', 'malformed_request'],
  ])('that failed with %s is not tried again: %s', async (code, told) => {
    const { calls, run } = failing(code);
    await expect(settled(run, 5_000)).rejects.toMatchObject({ code: told });
    expect(calls.tries).toBe(1);
  });

  it('that is refused when it is asked for again is refused', async () => {
    const { calls, run } = failing('ECONNRESET', '23505');
    await expect(settled(run, 5_000)).rejects.toMatchObject({ code: 'malformed_request' });
    expect(calls.tries).toBe(2);
  });
});

describe('a read', () => {
  it('on a connection that went stale is asked once more', async () => {
    const { calls, run } = failing('CONNECTION_CLOSED');
    expect(await readAgain(run)).toBe('done');
    expect(calls.tries).toBe(2);
  });

  it('is not asked a third time, and then the database is away', async () => {
    const { calls, run } = always('CONNECTION_CLOSED');
    await expect(readAgain(run)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(calls.tries).toBe(2);
  });

  it('that failed for another reason is not asked again', async () => {
    const { calls, run } = failing('55P03');
    await expect(readAgain(run)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(calls.tries).toBe(1);
  });
});
