import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { getMainDefinition } from '@apollo/client/utilities';
import { print } from 'graphql';
import { createLive, type Operation } from 'kabinet-live';
import { Observable } from 'rxjs';

/** Where a subscription begins, given as `context.live`: client.subscribe({ query, context: { live: { after: readList, onExpired: readList } } }). */
export type Place = Pick<Operation, 'after' | 'onExpired' | 'key'>;

export function apolloClient(uri: string, getToken: () => string | null): ApolloClient {
  const live = createLive({ url: uri, getToken });
  const streams = new ApolloLink(
    ({ query, variables, operationName, getContext }) =>
      new Observable((sink) => {
        const subscription = live.subscribe(
          { query: print(query), variables, operationName, ...(getContext()['live'] as Place) },
          { next: (result) => sink.next(result as ApolloLink.Result), error: (error) => sink.error(error), complete: () => sink.complete() },
        );
        return () => subscription.unsubscribe();
      }),
  );
  const http = new HttpLink({ uri, headers: { authorization: `Bearer ${getToken()}` } });
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ query }) => {
        const main = getMainDefinition(query);
        return main.kind === 'OperationDefinition' && main.operation === 'subscription';
      },
      streams,
      http,
    ),
  });
}
