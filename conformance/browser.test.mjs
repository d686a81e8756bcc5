// A browser against the real binary, through a small plain page of another
// origin: registers, adds a passkey by a virtual authenticator, signs out,
// signs in with it, and revokes the session of another browser.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { install, post, start } from './server.mjs';

// Debian's; KABINET_CHROMIUM names another one.
const executablePath = [process.env.KABINET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);

const email = 'vera@example.com';
const password = 'correct horse battery';
const types = { html: 'text/html; charset=utf-8', mjs: 'text/javascript; charset=utf-8' };

// serve gives the page on a port of its own: http://localhost is a secure
// context, and another origin than the server's.
async function serve() {
  const pages = createServer(async (request, response) => {
    const name = new URL(request.url, 'http://localhost').pathname.slice(1) || 'index.html';
    if (!['index.html', 'page.mjs'].includes(name)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': types[name.split('.').pop()] });
    response.end(await readFile(new URL(`page/${name}`, import.meta.url)));
  });
  await new Promise((resolve) => pages.listen(0, 'localhost', resolve));
  return { origin: `http://localhost:${pages.address().port}`, close: () => new Promise((resolve) => pages.close(resolve)) };
}

describe('a person in a browser', { skip: process.env.KABINET_EXAMPLE && 'the example server has no accounts' }, () => {
  let site;
  let server;
  let pages;
  let browser;
  let page;
  const wrong = [];

  before(async () => {
    assert.ok(executablePath, 'Chromium is missing (Debian: apt-get install chromium); KABINET_CHROMIUM may name one');
    site = await install();
    pages = await serve();
    server = await start(site, { env: { KABINET_ORIGINS: pages.origin, KABINET_PASSKEY_DOMAIN: 'localhost' } });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.on('pageerror', (error) => wrong.push(String(error)));
    // A device with a fingerprint reader, which keeps passkeys.
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    await page.goto(`${pages.origin}/?api=${encodeURIComponent(server.url)}`);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await pages?.close();
    await site?.remove();
  });

  // press waits until what was pressed is done, and wants no refusal.
  async function press(selector, within = page) {
    const before = Number((await page.locator('body').getAttribute('data-done')) ?? 0);
    await within.locator(selector).click();
    await page.waitForFunction((n) => Number(document.body.dataset.done ?? 0) > n, before);
    assert.equal(await page.locator('#failed').textContent(), '');
  }
  const who = () => page.locator('#who').textContent();

  // lettered reads the code of the letter, which a demonstration catches itself.
  async function lettered() {
    let messages;
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(100)) {
      messages = (await (await fetch(new URL('/demo/outbox.json', server.url))).json()).messages;
      const letter = messages.find((m) => m.channel === 'EMAIL' && m.to.includes(email));
      const code = letter?.text.match(/\b\d{6}\b/)?.[0];
      if (code) return code;
    }
    throw new Error(`no letter:\n${JSON.stringify(messages)}`);
  }

  test('registers and confirms the address', async () => {
    await page.fill('#register [name=email]', email);
    await page.fill('#register [name=password]', password);
    await press('#register button');
    await page.fill('#confirm [name=code]', await lettered());
    await press('#confirm button');
    assert.equal(await who(), 'vera is signed in, with 0 passkeys.');
  });

  test('adds a passkey', async () => {
    await press('#enrol');
    assert.equal(await who(), 'vera is signed in, with 1 passkeys.');
  });

  test('signs out', async () => {
    await press('#out');
    assert.equal(await who(), 'Nobody is signed in.');
  });

  test('signs in with the passkey alone, which is two factors', async () => {
    await press('#enter');
    assert.equal(await who(), 'vera is signed in, with 1 passkeys.');
    assert.match(await page.locator('#sessions li[data-current=true]').textContent(), /^PASSKEY, level 2, this one/);
  });

  test('revokes the session of another browser', async () => {
    const { data } = await post(
      server.url,
      `mutation { signIn(input: {login: "${email}", password: "${password}"}) { session { token } userErrors { code } } }`,
    );
    const other = data.signIn.session.token;
    const read = () => post(server.url, '{ me { displayName } }', {}, other);
    assert.equal((await read()).data.me.displayName, 'vera');
    await press('#enter'); // shows the sessions anew, in a session of its own
    const first = page.locator('#sessions li[data-current=false]', { hasText: 'PASSWORD' });
    assert.equal(await first.count(), 1);
    await press('button', first);
    assert.equal((await read()).errors[0].extensions.code, 'UNAUTHENTICATED');
    assert.equal(await page.locator('#sessions li', { hasText: 'PASSWORD' }).count(), 0);
  });

  test('nothing went wrong on the page', () => assert.deepEqual(wrong, []));
});
