// A customer with a ticket, and staff whose answers to it are what there is to
// hear.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { customer, post, signIn, staff } from './server.mjs';

export const subscription = `subscription ($after: StreamCursor) {
  notificationAdded(after: $after) { cursor unreadCount notification { id topic title body } }
}`;

export async function openTicket(url) {
  const token = await signIn(url, customer);
  const staffToken = await signIn(url, staff);
  const opened = await post(url, 'mutation { openTicket(input: {subject: "Conformance", body: "Please answer", orderId: null}) { ticket { id } userErrors { code } } }', {}, token);
  const ticketId = opened.data?.openTicket?.ticket?.id;
  assert.ok(ticketId, JSON.stringify(opened));
  return { token, staffToken, ticketId };
}

export async function reply(url, { staffToken, ticketId }, body) {
  const answer = await post(
    url,
    'mutation ($id: ID!, $body: String!) { replyToTicket(input: {ticketId: $id, body: $body}) { message { id } userErrors { code } } }',
    { id: ticketId, body },
    staffToken,
  );
  assert.ok(answer.data?.replyToTicket?.message?.id, JSON.stringify(answer));
}

export async function until(what, look, timeout = 30_000) {
  const end = Date.now() + timeout;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}`);
    await sleep(50);
  }
}
