// What a front end does for the flows of issue 5, and no more: the SDL says the
// order of calls. The token stays in memory.
const api = new URLSearchParams(location.search).get('api');
const $ = (id) => document.getElementById(id);
let token;
let challenge;

async function call(query, variables) {
  const response = await fetch(api, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors.map((e) => e.extensions?.code ?? e.message).join());
  const [answer] = Object.values(data);
  if (answer?.userErrors?.length) throw new Error(answer.userErrors.map((e) => e.code).join());
  return answer;
}

function holds(session) {
  if (session) token = session.token;
}

async function show() {
  $('sessions').replaceChildren();
  if (!token) {
    $('who').textContent = 'Nobody is signed in.';
    return;
  }
  const me = await call('{ me { displayName passkeys { label } sessions { id current method aal } } }');
  $('who').textContent = `${me.displayName} is signed in, with ${me.passkeys.length} passkeys.`;
  for (const s of me.sessions) {
    const item = document.createElement('li');
    item.textContent = `${s.method}, level ${s.aal}${s.current ? ', this one' : ''} `;
    item.dataset.current = s.current;
    if (!s.current) {
      const button = document.createElement('button');
      button.textContent = 'Revoke';
      button.onclick = doing(() => call('mutation($id: ID!) { revokeSession(input: {sessionId: $id}) { session { id } userErrors { code } } }', { id: s.id }));
      item.append(button);
    }
    $('sessions').append(item);
  }
}

// doing does something, then shows how things stand.
const doing = (what) => async (event) => {
  event.preventDefault();
  $('failed').textContent = '';
  try {
    await what(event.target);
    await show();
    document.body.dataset.done = Number(document.body.dataset.done ?? 0) + 1;
  } catch (error) {
    $('failed').textContent = error.message;
    document.body.dataset.done = Number(document.body.dataset.done ?? 0) + 1;
  }
};

$('register').onsubmit = doing(async (form) => {
  const { email, password } = Object.fromEntries(new FormData(form));
  const answer = await call(
    `mutation($email: EmailAddress!, $password: String!) {
      register(input: {email: $email, password: $password}) { challenge { id } session { token } userErrors { code } }
    }`,
    { email, password },
  );
  challenge = answer.challenge.id;
  holds(answer.session);
  $('who').textContent = 'A code was sent.';
});

$('confirm').onsubmit = doing(async (form) => {
  const { code } = Object.fromEntries(new FormData(form));
  const answer = await call(
    'mutation($id: ID!, $code: String!) { confirmContact(input: {challengeId: $id, code: $code}) { session { token } userErrors { code } } }',
    { id: challenge, code },
  );
  holds(answer.session);
});

$('enrol').onclick = doing(async () => {
  const begun = await call('mutation { startPasskeyEnrollment { challenge { id } options userErrors { code } } }');
  const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(begun.options) });
  const answer = await call(
    `mutation($id: ID!, $credential: JSON!) {
      finishPasskeyEnrollment(input: {challengeId: $id, credential: $credential, label: "This browser"}) { passkey { id } session { token } userErrors { code } }
    }`,
    { id: begun.challenge.id, credential: credential.toJSON() },
  );
  holds(answer.session);
});

$('enter').onclick = doing(async () => {
  const begun = await call('mutation { startPasskeySignIn { challenge { id passkeyOptions } userErrors { code } } }');
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(begun.challenge.passkeyOptions),
  });
  const answer = await call(
    `mutation($id: ID!, $credential: JSON!) {
      finishPasskeySignIn(input: {challengeId: $id, credential: $credential}) { session { token } userErrors { code } }
    }`,
    { id: begun.challenge.id, credential: credential.toJSON() },
  );
  holds(answer.session);
});

$('out').onclick = doing(async () => {
  await call('mutation { signOut { endedSessions userErrors { code } } }');
  token = undefined;
});
