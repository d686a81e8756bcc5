// A browser is told by push: a page registers what a browser gives for an
// address, staff changes the customer's order, and the message that leaves the
// real binary is shown by a service worker in Chromium.
//
// What is proven: registerPushEndpoint takes what a page sends; the message is
// signed by the key that vapidPublicKey says and opens with the browser's
// private key alone, by the browser's own means (Web Crypto); the service worker
// gets that payload as a push event and shows it. What is not: the way between a
// push service and Chromium, for Chromium subscribes at Google's service alone,
// which is out of reach here. So this test is the push service, it holds the
// private key, and hands Chromium the opened payload by the developer tools
// (ServiceWorker.deliverPushMessage), as a push service would the sealed one.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { webcrypto } from 'node:crypto';
import { chromium } from 'playwright-core';
import { customer, install, post, signIn, staff, start } from './server.mjs';

// Debian's; KABINET_CHROMIUM names another one.
const executablePath = [process.env.KABINET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);

const { subtle } = webcrypto;
const types = { html: 'text/html; charset=utf-8', mjs: 'text/javascript; charset=utf-8' };
const files = { '/': 'push.html', '/push-worker.mjs': 'push-worker.mjs' };
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

// listen gives an address of this machine where handle answers.
async function listen(host, handle) {
  const server = createServer(handle);
  await new Promise((resolve) => server.listen(0, host, resolve));
  return { origin: `http://${host}:${server.address().port}`, close: () => new Promise((resolve) => server.close(resolve)) };
}

// subscription is what pushManager.subscribe() makes, at a push service of ours.
async function subscription(origin) {
  const keys = await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  return {
    endpoint: `${origin}/send/${base64url(webcrypto.getRandomValues(new Uint8Array(16)))}`,
    public: new Uint8Array(await subtle.exportKey('raw', keys.publicKey)),
    private: keys.privateKey,
    auth: webcrypto.getRandomValues(new Uint8Array(16)),
  };
}

async function derive(secret, salt, info, bytes) {
  const key = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  return new Uint8Array(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, bytes * 8));
}

// open is RFC 8291, the side of the browser.
async function open(sub, body) {
  const text = new TextEncoder();
  const salt = body.subarray(0, 16);
  const sender = body.subarray(21, 21 + body[20]);
  const other = await subtle.importKey('raw', sender, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
  const shared = new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: other }, sub.private, 256));
  const secret = await derive(shared, sub.auth, Buffer.concat([text.encode('WebPush: info\0'), sub.public, sender]), 32);
  const key = await derive(secret, salt, text.encode('Content-Encoding: aes128gcm\0'), 16);
  const iv = await derive(secret, salt, text.encode('Content-Encoding: nonce\0'), 12);
  const aes = await subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  const plain = Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv }, aes, body.subarray(21 + body[20])));
  let end = plain.length - 1; // padding
  while (plain[end] === 0) end--;
  assert.equal(plain[end], 2, 'the last record');
  return plain.subarray(0, end).toString();
}

// signed checks RFC 8292 and gives the claims.
async function signed(header, vapidPublicKey) {
  const [, token, key] = header.match(/^vapid t=([^,]+), ?k=(.+)$/);
  assert.equal(key, vapidPublicKey);
  const [head, claims, signature] = token.split('.');
  const verifier = await subtle.importKey('raw', Buffer.from(key, 'base64url'), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const good = await subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, verifier, Buffer.from(signature, 'base64url'), Buffer.from(`${head}.${claims}`));
  assert.ok(good, 'the signature');
  return JSON.parse(Buffer.from(claims, 'base64url'));
}

describe('a customer with a browser that takes push messages', { skip: process.env.KABINET_EXAMPLE && 'the example server has no push messages' }, () => {
  let site;
  let server;
  let pages;
  let service;
  let browser;
  let page;
  let devtools;
  let registrationId;
  let token;
  let sub;
  const got = [];

  before(async () => {
    assert.ok(executablePath, 'Chromium is missing (Debian: apt-get install chromium); KABINET_CHROMIUM may name one');
    site = await install();
    pages = await listen('localhost', async (request, response) => {
      const name = files[new URL(request.url, 'http://localhost').pathname];
      if (!name) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { 'content-type': types[name.split('.').pop()] });
      response.end(await readFile(new URL(`page/${name}`, import.meta.url)));
    });
    service = await listen('127.0.0.1', async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      got.push({ path: request.url, headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(201, { location: `${service.origin}/message/1` }).end();
    });
    server = await start(site, { env: { KABINET_ORIGINS: pages.origin, KABINET_PUSH_ALLOW: '127.0.0.0/8', KABINET_PUSH_CONTACT: 'ops@example.com' } });
    token = await signIn(server.url, customer);
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const context = await browser.newContext();
    await context.grantPermissions(['notifications'], { origin: pages.origin });
    page = await context.newPage();
    devtools = await context.newCDPSession(page);
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registrationId = registrations.find((r) => !r.isDeleted)?.registrationId ?? registrationId;
    });
    await devtools.send('ServiceWorker.enable');
    await page.goto(`${pages.origin}/`);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await pages?.close();
    await service?.close();
    await site?.remove();
  });

  test('the page has a service worker, and registers its address', async () => {
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/push-worker.mjs', { type: 'module' });
      await navigator.serviceWorker.ready;
    });
    sub = await subscription(service.origin);
    const answer = await page.evaluate(
      async ({ url, token, web }) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify({
            query: `mutation($input: RegisterPushEndpointInput!) { registerPushEndpoint(input: $input) { endpoint { id kind current status } userErrors { path code params } } }`,
            variables: { input: { web, label: 'Chromium' } },
          }),
        });
        return response.json();
      },
      { url: server.url, token, web: { endpoint: sub.endpoint, p256dh: base64url(sub.public), auth: base64url(sub.auth) } },
    );
    assert.deepEqual(answer.data?.registerPushEndpoint.userErrors, [], JSON.stringify(answer));
    const { id, ...rest } = answer.data.registerPushEndpoint.endpoint;
    assert.match(id, /^pep_/);
    assert.deepEqual(rest, { kind: 'WEB', current: true, status: 'ACTIVE' });
  });

  test('a change of an order is pushed, signed and sealed', async () => {
    const { data } = await post(server.url, '{ vapidPublicKey products(first: 20) { nodes { sku status } } }', {}, token);
    const { sku } = data.products.nodes.find((p) => p.status === 'ACTIVE');
    const placed = await post(
      server.url,
      `mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { path code params } } }`,
      { input: { lines: [{ sku, quantity: 1 }], idempotencyKey: 'push' } },
      token,
    );
    const { order } = placed.data.placeOrder;
    assert.ok(order, JSON.stringify(placed));
    const wish = await post(
      server.url,
      `mutation { updateNotificationPreferences(input: {choices: [{topic: ORDER, channel: WEB_PUSH, wanted: true}, {topic: SECURITY, channel: WEB_PUSH, wanted: false}]}) { userErrors { path code params } } }`,
      {},
      token,
    );
    assert.deepEqual(wish.data?.updateNotificationPreferences.userErrors, [], JSON.stringify(wish));
    const changed = await post(
      server.url,
      `mutation($input: SetOrderStatusInput!) { setOrderStatus(input: $input) { userErrors { path code params } } }`,
      { input: { orderId: order.id, fulfillmentStatus: 'SHIPPED', idempotencyKey: 'push' } },
      await signIn(server.url, staff),
    );
    assert.deepEqual(changed.data?.setOrderStatus.userErrors, [], JSON.stringify(changed));
    for (const end = Date.now() + 30_000; got.length === 0 && Date.now() < end; ) await sleep(50);
    assert.ok(got.length > 0, `nothing was pushed:\n${server.said.join('\n')}`);
    const { path, headers, body } = got[0];
    assert.equal(service.origin + path, sub.endpoint);
    assert.equal(headers['content-encoding'], 'aes128gcm');
    assert.ok(Number(headers.ttl) > 0);
    const claims = await signed(headers.authorization, data.vapidPublicKey);
    assert.equal(claims.aud, service.origin);
    assert.equal(claims.sub, 'mailto:ops@example.com');
    got[0].payload = await open(sub, body);
    const payload = JSON.parse(got[0].payload);
    assert.ok(payload.title && payload.body, got[0].payload);
    assert.match(payload.notificationId, /^[a-z]+_[0-9a-z]{26}$/);
    assert.ok(!body.includes(Buffer.from(payload.title)), 'nobody on the way reads it');
  });

  test('the service worker shows it', async () => {
    assert.ok(registrationId, 'the service worker is registered');
    await devtools.send('ServiceWorker.deliverPushMessage', { origin: pages.origin, registrationId, data: got[0].payload });
    const shown = await page.waitForFunction(async () => {
      const registration = await navigator.serviceWorker.ready;
      const list = await registration.getNotifications();
      return list.length > 0 && list.map((n) => ({ title: n.title, body: n.body, data: n.data }));
    });
    const { title, body, url, notificationId } = JSON.parse(got[0].payload);
    assert.deepEqual(await shown.jsonValue(), [{ title, body, data: { ...(url ? { url } : {}), notificationId } }]);
  });

  test('after the sign-out nothing is pushed there any more', async () => {
    const before = got.length;
    await post(server.url, 'mutation { signOut { userErrors { code } } }', {}, token);
    const again = await signIn(server.url, customer);
    const { data } = await post(server.url, '{ me { pushEndpoints { id } } }', {}, again);
    assert.deepEqual(data.me.pushEndpoints, []);
    assert.equal(got.length, before);
  });
});
