import { get } from 'node:http';

/** Whether it answers within a second, with anything but trouble of its own. */
export const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = get(url, { timeout: 1_000, agent: false }, (answer) => {
      answer.resume();
      resolve((answer.statusCode ?? 500) < 500);
    });
    asked.once('timeout', () => asked.destroy()).once('error', () => resolve(false));
  });
