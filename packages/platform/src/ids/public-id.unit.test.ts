import { assert, property, uuid as anyUuid } from 'fast-check';
import { fromPublicId, newGenerationId, toPublicId } from './public-id.js';
import { decodeUuid, encodeUuid } from './typeid.js';

describe('public ids', () => {
  // Vectors of the TypeID specification, valid.yml and invalid.yml.
  it.each([
    ['00000000-0000-0000-0000-000000000000', '00000000000000000000000000'],
    ['00000000-0000-0000-0000-000000000001', '00000000000000000000000001'],
    ['00000000-0000-0000-0000-00000000000a', '0000000000000000000000000a'],
    ['00000000-0000-0000-0000-000000000020', '00000000000000000000000010'],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', '7zzzzzzzzzzzzzzzzzzzzzzzzz'],
    [
      '0110c853-1d09-52d8-d73e-1194e95b5f19',
      '0123456789abcdefghjkmnpqrs'.replace(/.*/, '0123456789abcdefghjkmnpqrs'),
    ],
    ['01890a5d-ac96-774b-bcce-b302099a8057', '01h455vb4pex5vsknk084sn02q'],
  ])('of %s is %s', (uuid, suffix) => {
    expect(encodeUuid(uuid)).toBe(suffix);
    expect(decodeUuid(suffix)).toBe(uuid);
  });

  it('come back as they went', () => {
    assert(
      property(anyUuid(), (uuid) => {
        expect(fromPublicId('art', toPublicId('art', uuid))).toBe(uuid);
      }),
    );
  });

  it('of another kind, case, length or alphabet are none', () => {
    const id = toPublicId('gen', newGenerationId());
    expect(fromPublicId('gen', id)).toMatch(/^[0-9a-f-]{36}$/);
    for (const wrong of [
      id.replace('gen', 'art'),
      id.toUpperCase(),
      `${id}0`,
      id.slice(0, -1),
      'gen_8zzzzzzzzzzzzzzzzzzzzzzzzz',
      'gen_1234567890123456789012345u',
      'gen_',
      "gen_' OR 1=1 --",
    ])
      expect(fromPublicId('gen', wrong)).toBeUndefined();
  });
});
