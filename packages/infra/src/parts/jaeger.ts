import { chmod, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Part } from '../install/part.js';
import { go } from '../install/tool.js';

const version = 'v1.76.0';
const module = 'github.com/jaegertracing/jaeger';

/** What `go mod download -json` tells: where it put the module. */
const downloaded = z.object({ Dir: z.string() });

/**
 * Jaeger 2, built from its Go module. `go install` refuses it, because its go.mod replaces a module: it is made a tool of a module of
 * our own with the same replacement and its checksums.
 */
export const jaegerPart: Part = {
  name: 'jaeger',
  version,
  what: 'traces, built with Go, about 5 min',
  needs: [go],
  instead: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  async install(folder, run) {
    const cwd = folder;
    const env = { GOFLAGS: '' };
    const told = await run('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd, env });
    const { Dir: source } = downloaded.parse(JSON.parse(told));
    await run('go', ['mod', 'init', 'jaegerbuild'], { cwd, env });
    await run(
      'go',
      ['mod', 'edit', '-replace', 'github.com/Shopify/sarama=github.com/Shopify/sarama@v1.33.0'],
      { cwd, env },
    );
    await copyFile(join(source, 'go.sum'), join(folder, 'go.sum'));
    // The module cache is read-only.
    await chmod(join(folder, 'go.sum'), 0o644);
    await run('go', ['get', '-tool', `${module}/cmd/jaeger@${version}`], { cwd, env });
    await run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', 'jaeger', `${module}/cmd/jaeger`], {
      cwd,
      env,
    });
    for (const file of ['go.mod', 'go.sum']) await rm(join(folder, file), { force: true });
  },
};
