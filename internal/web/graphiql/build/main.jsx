// The page at "/" in development: GraphiQL with queries over HTTP and
// subscriptions over graphql-transport-ws, both with the Authorization header
// of the headers tab.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';
import 'graphiql/graphiql.css';

const url = new URL('/graphql', window.location.href);
const socketURL = url.href.replace(/^http/, 'ws');

let socket = { key: null, client: null };

// One socket for one sign-in: connection_init cannot be said twice.
function clientFor(headers) {
  const authorization = headers.authorization ?? headers.Authorization;
  const company = headers['x-kabinet-company'] ?? headers['X-Kabinet-Company'];
  const key = JSON.stringify([authorization, company]);
  if (socket.key !== key) {
    socket.client?.dispose();
    socket = {
      key,
      client: createClient({ url: socketURL, lazy: true, connectionParams: { authorization, company } }),
    };
  }
  return socket.client;
}

function fetcher(params, options) {
  const headers = options?.headers ?? {};
  return createGraphiQLFetcher({ url: url.href, headers, wsClient: clientFor(headers) })(params, options);
}

const example = `# Sign in, then put the token into the headers tab below:
# {"authorization": "Bearer …"}
mutation SignIn {
  signIn(input: {login: "customer@example.com", password: "kabinet-demo"}) {
    session { token }
    userErrors { path code message }
  }
}
`;

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL fetcher={fetcher} defaultQuery={example} defaultEditorToolsVisibility="headers" />,
);
