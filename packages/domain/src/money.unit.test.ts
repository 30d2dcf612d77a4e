import { billOf, noMoney } from './money.js';

const usd = (micros: string) => ({ micros, currency: 'USD' });

describe('the bill of attempts', () => {
  it('is what vendors named, without what turned out to cost nothing', () => {
    const certain = { cost: usd('35000'), charge: 'CHARGE_CERTAIN' } as const;
    const possible = { cost: usd('5000'), charge: 'CHARGE_POSSIBLE' } as const;
    const free = { cost: usd('35000'), charge: 'CHARGE_NONE' } as const;
    expect(billOf([certain, free, possible])).toEqual(usd('40000'));
    expect(billOf([free])).toEqual(usd('0'));
  });

  it('is unnamed where nobody named anything', () => {
    expect(billOf([])).toEqual(noMoney);
    expect(billOf([{ cost: null, charge: 'CHARGE_CERTAIN' }])).toEqual(noMoney);
  });
});
