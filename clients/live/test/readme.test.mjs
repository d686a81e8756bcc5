import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const read = (name) => readFile(new URL(`../${name}`, import.meta.url), 'utf8');
const lines = (text) => text.split('\n').map((line) => line.trim().replace(/[;,]$/, '')).filter(Boolean);

test('what the README shows is what is compiled', async () => {
  const readme = await read('README.md');
  for (const [name, heading] of [['examples/urql.ts', '## urql'], ['examples/apollo.ts', '## Apollo Client']]) {
    const shown = readme.split(heading)[1]?.match(/```ts\n([\s\S]*?)```/)?.[1];
    assert.ok(shown, heading);
    const compiled = lines(await read(name));
    for (const line of lines(shown)) assert.ok(compiled.includes(line), `${name} has no line ${line}`);
  }
});
