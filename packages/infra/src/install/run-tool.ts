import { spawn } from 'node:child_process';
import type { RunTool } from './part.js';

const keptLines = 12;

/** Runs a program and answers with what it wrote to stdout; an error tells the last lines of both. */
export const runTool: RunTool = (program, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let all = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      all = `${all}${chunk.toString()}`.slice(-20_000);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      all = `${all}${chunk.toString()}`.slice(-20_000);
    });
    child.once('error', (cause) => reject(new Error(`${program} could not be started`, { cause })));
    child.once('close', (code) => {
      if (code === 0) resolve(said);
      else {
        const last = all.trim().split('\n').slice(-keptLines).join('\n');
        reject(new Error(`${program} ended with ${code ?? 'a signal'}:\n${last}`));
      }
    });
  });
