// Bundles main.jsx and packs the result beside graphiql.go. The same versions
// give the same bytes: no time stamps, no paths.
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const out = new URL('../assets/', import.meta.url);
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const result = await build({
  entryPoints: ['main.jsx'],
  absWorkingDir: new URL('.', import.meta.url).pathname,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: 'out',
  format: 'iife',
  target: 'es2022',
  jsx: 'transform',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.woff2': 'dataurl', '.woff': 'dataurl', '.ttf': 'dataurl' },
});
for (const file of result.outputFiles) {
  const name = file.path.endsWith('.css') ? 'graphiql.css.gz' : 'graphiql.js.gz';
  const packed = gzipSync(file.contents, { level: 9 });
  packed[9] = 255; // the operating system is nobody's business
  await writeFile(new URL(name, out), packed);
  console.log(name, file.contents.length, '->', packed.length);
}
// The licences of all that went in, each text once.
const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const m = input.match(/^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (m) packages.add(m[1]);
}
const texts = new Map();
for (const name of [...packages].sort()) {
  const dir = new URL(`node_modules/${name}/`, import.meta.url);
  const { version, license } = JSON.parse(await readFile(new URL('package.json', dir), 'utf8'));
  const file = (await readdir(dir)).find((f) => /^licen[cs]e/i.test(f));
  const text = file ? (await readFile(new URL(file, dir), 'utf8')).trim() : `Licence: ${license}`;
  texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
}
const all = [...texts].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
await writeFile(new URL('LICENSES.txt', out), all.join('\n----\n\n'));
console.log('LICENSES.txt', packages.size, 'packages');
