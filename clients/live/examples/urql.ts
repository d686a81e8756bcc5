import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createLive } from 'kabinet-live';

export function urqlClient(url: string, getToken: () => string | null): Client {
  const live = createLive({ url, getToken });
  return new Client({
    url,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { authorization: `Bearer ${getToken()}` } }),
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables, operationName }) => ({
          subscribe: (sink) =>
            live.subscribe(
              { query: query ?? '', variables: variables as Record<string, unknown>, operationName },
              { next: (result) => sink.next(result), error: (error) => sink.error(error), complete: () => sink.complete() },
            ),
        }),
      }),
    ],
  });
}
