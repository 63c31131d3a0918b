#!/usr/bin/env node
// Plain old syntax: an old Node must be able to read this file to say that it is too old.
import { existsSync } from 'fs';

var NEEDED = [22, 19];
var have = process.versions.node.split('.').map(Number);

if (have[0] < NEEDED[0] || (have[0] === NEEDED[0] && have[1] < NEEDED[1])) {
  process.stderr.write(
    'bourse needs Node ' +
      NEEDED.join('.') +
      ' or newer, and this is ' +
      process.versions.node +
      '.\n' +
      'Install a newer one from https://nodejs.org, or run this command with it just once:\n' +
      '  npx -y -p node@24 -p bourse bourse ' +
      (process.argv.slice(2).join(' ') || 'demo') +
      '\n',
  );
  process.exit(1);
}

var compiled = new URL('../dist/cli/main.js', import.meta.url);
void import(
  (existsSync(compiled) ? compiled : new URL('../src/cli/main.ts', import.meta.url)).href
);
