// Starts the binary named by KABINET_BIN on a free port with demonstration data
// in a directory of its own, and stops it again.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const customer = { login: 'customer@example.com', password: 'kabinet-demo' };
export const staff = { login: 'staff@example.com', password: 'kabinet-demo' };

export function binary() {
  const bin = process.env.KABINET_BIN;
  if (!bin) throw new Error('KABINET_BIN must name the kabinet binary (go build -o … .)');
  return bin;
}

// One installation: a directory with its database, started and stopped at will.
export async function install() {
  const dir = await mkdtemp(join(tmpdir(), 'kabinet-conformance-'));
  return { dir, listen: '127.0.0.1:0', remove: () => rm(dir, { recursive: true, force: true }) };
}

// A database of its own in SQLite, or the throw-away server that pgtest names.
const database = (site) => process.env.KABINET_TEST_POSTGRES ?? `sqlite://${join(site.dir, 'kabinet.db')}`;

// One key for all: suites share the database of pgtest, where things are sealed.
const secret = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

// start resolves once the server says where it listens. The next start of the
// same installation takes the same port again, as a restarted server does.
export async function start(site, { timeout = 60_000, env = {} } = {}) {
  const child = spawn(binary(), ['serve', '--demo'], {
    cwd: site.dir,
    env: { ...process.env, KABINET_LISTEN: site.listen, KABINET_DATABASE_URL: database(site), KABINET_SECRET_KEY: secret, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not listening after ${timeout} ms:\n${said.join('\n')}`)), timeout);
    const look = (line) => {
      if (said.push(line) > 200) said.shift();
      const m = line.match(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
      if (m) {
        clearTimeout(timer);
        resolve(m[1]);
      }
    };
    createInterface({ input: child.stdout }).on('line', look);
    createInterface({ input: child.stderr }).on('line', look);
    exited.then(({ code }) => {
      clearTimeout(timer);
      reject(new Error(`left with ${code} before listening:\n${said.join('\n')}`));
    });
  });
  site.listen = new URL(url).host;
  return {
    url: `${url}/graphql`,
    socketURL: `${url.replace('http', 'ws')}/graphql`,
    said,
    exited,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

export async function post(url, query, variables, token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

export async function signIn(url, { login, password }) {
  const { data, errors } = await post(
    url,
    `mutation SignIn($login: String!, $password: String!) {
      signIn(input: {login: $login, password: $password}) { session { token } userErrors { path code message } }
    }`,
    { login, password },
  );
  const token = data?.signIn?.session?.token;
  if (!token) throw new Error(`no sign-in as ${login}: ${JSON.stringify({ data, errors })}`);
  return token;
}
