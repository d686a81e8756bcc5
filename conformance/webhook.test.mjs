// A subscriber outside verifies what arrives with the stock npm package
// standardwebhooks, through a change of the secret. security I5
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { install, post, signIn, staff, start } from './server.mjs';

// receive keeps what is posted, as a subscriber does.
async function receive() {
  const got = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    got.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') });
    response.writeHead(204).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/hook?for=erp`,
    got,
    async next() {
      const n = got.length;
      for (let i = 0; i < 200 && got.length === n; i++) await sleep(50);
      assert.equal(got.length, n + 1, 'one message arrives');
      return got[n];
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('webhooks', { skip: process.env.KABINET_EXAMPLE && 'the example server has no webhooks' }, () => {
  let site;
  let server;
  let receiver;
  let token;
  let endpoint;
  let secret;

  const ask = async (query, variables) => {
    const { data, errors } = await post(server.url, query, variables, token);
    assert.deepEqual(errors, undefined);
    return data;
  };
  // A product that everybody may buy is bought by the member of staff himself.
  const buy = async (key) => {
    const { products } = await ask('{ products(first: 1) { nodes { sku } } }');
    const { placeOrder } = await ask(
      'mutation($sku: String!, $key: String!) { placeOrder(input: {lines: [{sku: $sku, quantity: 1}], idempotencyKey: $key}) { order { id number } userErrors { code } } }',
      { sku: products.nodes[0].sku, key },
    );
    assert.deepEqual(placeOrder.userErrors, []);
    return placeOrder.order;
  };

  before(async () => {
    site = await install();
    receiver = await receive();
    server = await start(site, { env: { KABINET_WEBHOOK_ALLOW: '127.0.0.0/8' } });
    token = await signIn(server.url, staff);
    const { saveWebhookEndpoint: saved } = await ask(
      'mutation($url: URL!, $selection: String!) { saveWebhookEndpoint(input: {name: "ERP", url: $url, events: ["order.placed"], selection: $selection}) { endpoint { id status } secret userErrors { code params } } }',
      { url: receiver.url, selection: 'query($id: ID!) { node(id: $id) { ... on Order { number status } } }' },
    );
    assert.deepEqual(saved.userErrors, []);
    ({ endpoint, secret } = saved);
  });
  after(async () => {
    await server?.stop();
    await receiver?.close();
    await site?.remove();
  });

  test('what arrives is verified and has the own selection', async () => {
    const [order, message] = [await buy('one'), receiver.got[0] ?? (await receiver.next())];
    const body = new Webhook(secret).verify(message.body, message.headers);
    assert.equal(body.type, 'order.placed');
    assert.equal(body.subjectId, order.id);
    assert.deepEqual(body.data, { node: { number: order.number, status: 'PLACED' } });
    assert.match(message.headers['content-type'], /^application\/json/);
  });

  test('what was changed on the way is not', () => {
    const { body, headers } = receiver.got[0];
    const by = new Webhook(secret);
    assert.throws(() => by.verify(body.replace('placed', 'eaten!'), headers));
    assert.throws(() => by.verify(body, { ...headers, 'webhook-id': 'dlv_x' }));
    assert.throws(() => by.verify(body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) }));
    assert.throws(() => by.verify(body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 400) }));
    assert.throws(() => by.verify(body, { ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1,', 'v1a,') }));
    assert.throws(() => new Webhook(`whsec_${Buffer.alloc(32).toString('base64')}`).verify(body, headers));
  });

  test('a new secret signs beside the former one, and alone at once', async () => {
    const rotate = (overlapHours) =>
      ask('mutation($id: ID!, $h: Int!) { rotateWebhookSecret(input: {id: $id, overlapHours: $h}) { secret userErrors { code } } }', { id: endpoint.id, h: overlapHours });
    const second = (await rotate(1)).rotateWebhookSecret.secret;
    let arrives = receiver.next();
    await buy('two');
    let message = await arrives;
    for (const each of [secret, second]) assert.ok(new Webhook(each).verify(message.body, message.headers));
    const third = (await rotate(0)).rotateWebhookSecret.secret;
    arrives = receiver.next();
    await buy('three');
    message = await arrives;
    assert.ok(new Webhook(third).verify(message.body, message.headers));
    for (const each of [secret, second]) assert.throws(() => new Webhook(each).verify(message.body, message.headers));
  });

  test('a message asked for again has the same id', async () => {
    const { webhookDeliveries } = await ask('{ webhookDeliveries(last: 1) { nodes { id status attempts { responseStatus } } } }');
    const [delivery] = webhookDeliveries.nodes;
    assert.equal(delivery.id, receiver.got[0].headers['webhook-id']);
    assert.deepEqual([delivery.status, delivery.attempts], ['DELIVERED', [{ responseStatus: 204 }]]);
    const arrives = receiver.next();
    await ask('mutation($id: ID!) { retryWebhookDelivery(input: {id: $id}) { userErrors { code } } }', { id: delivery.id });
    const message = await arrives;
    assert.equal(message.headers['webhook-id'], delivery.id);
    assert.equal(message.body, receiver.got[0].body);
  });
});
