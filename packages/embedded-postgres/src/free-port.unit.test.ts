import { freePort } from './free-port.js';

it('gives no port twice, though nobody listens on it yet', async () => {
  const ports: number[] = [];
  for (let n = 0; n < 400; n += 1) ports.push(await freePort());
  expect(new Set(ports).size).toBe(400);
});
