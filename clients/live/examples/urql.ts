import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createLive, type Operation } from 'kabinet-live';

/** Where a subscription begins, given as `context.live`: client.subscription(query, variables, { live: { after: readList, onExpired: readList } }). */
export type Place = Pick<Operation, 'after' | 'onExpired' | 'key'>;

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
        forwardSubscription: ({ query, variables, operationName }, { context }) => ({
          subscribe: (sink) =>
            live.subscribe(
              { query: query ?? '', variables: variables as Record<string, unknown>, operationName, ...(context['live'] as Place) },
              { next: (result) => sink.next(result), error: (error) => sink.error(error), complete: () => sink.complete() },
            ),
        }),
      }),
    ],
  });
}
