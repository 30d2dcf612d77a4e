import type { FastifyInstance, RouteOptions } from 'fastify';
import { ProblemError } from './problem.js';

/** One address that the router answers, as it was registered: `:name` stands for one segment. */
export interface KnownRoute {
  readonly method: string;
  readonly path: string;
}

interface Pattern {
  readonly matches: RegExp;
  readonly methods: Set<string>;
}

/**
 * What the router answers, read from the router itself. Call it before the first route is added: a path that exists but not with
 * this method is then a 405 that names the methods, before anybody is asked for a key, since it is so for everybody.
 * @returns the routes so far; grows as they are added
 */
export function refuseOtherMethods(instance: FastifyInstance): readonly KnownRoute[] {
  const routes: KnownRoute[] = [];
  const patterns = new Map<string, Pattern>();
  instance.addHook('onRoute', ({ method, url }: RouteOptions) => {
    const pattern = patterns.get(url) ?? { matches: patternOf(url), methods: new Set<string>() };
    patterns.set(url, pattern);
    for (const one of Array.isArray(method) ? method : [method]) {
      routes.push({ method: one, path: url });
      pattern.methods.add(one);
    }
  });
  instance.addHook('onRequest', (request, _reply, done) => {
    const path = request.is404 ? pathOf(request.url) : undefined;
    if (path === undefined) {
      done();
      return;
    }
    const allowed = new Set<string>();
    for (const pattern of patterns.values())
      if (pattern.matches.test(path)) for (const method of pattern.methods) allowed.add(method);
    const allow = [...allowed].sort().join(', ');
    done(
      allow === '' ? undefined : new ProblemError('method_not_allowed', undefined, { headers: { allow } }),
    );
  });
  return routes;
}

/** The path as the router reads it; undefined where it cannot. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURI(url.split(/[?#]/, 1)[0] ?? '');
  } catch {
    return undefined;
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) =>
      segment.startsWith(':')
        ? '[^/]+'
        : segment.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*'),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
