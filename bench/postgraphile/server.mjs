// PostGraphile over the tables as they are, one process, as in production: no
// GraphiQL, no watching, no introspection of plans. It does not authenticate:
// the person is whom the query names, which spares it what kabinet does for
// each token. Usage: node server.mjs POSTGRES_URL HOST:PORT
import { createServer } from "node:http";
import pg from "pg";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";

const [url, address] = process.argv.slice(2);

// The relations that the database does not know as foreign keys, and the
// tables that are nobody's business.
const comments = `
COMMENT ON TABLE orders IS E'@foreignKey (owner_id) references users (id)|@foreignFieldName orders';
COMMENT ON TABLE ledger_accounts IS E'@foreignKey (owner_id) references users (id)|@foreignFieldName ledgerAccounts';
COMMENT ON TABLE ledger_entries IS E'@foreignKey (account_id) references ledger_accounts (id)|@foreignFieldName entries';
COMMENT ON TABLE tickets IS E'@foreignKey (owner_id) references users (id)|@foreignFieldName tickets\n@foreignKey (last_message_id) references ticket_messages (id)|@fieldName lastMessage';
COMMENT ON TABLE notifications IS E'@foreignKey (user_id) references users (id)|@foreignFieldName notifications';
`;
const admin = new pg.Client({ connectionString: url });
await admin.connect();
await admin.query(comments);
await admin.end();

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: url, schemas: ["public"], pubsub: false, poolConfig: { max: 16 } })],
  grafast: { explain: false },
  grafserv: { graphiql: false, websockets: false, watch: false, maxRequestLength: 1000000 },
};
const instance = postgraphile(preset);
const serv = instance.createServ(grafserv);
const server = createServer({ keepAliveTimeout: 600000 });
server.on("error", (e) => {
  console.error(e);
  process.exit(1);
});
await serv.addTo(server);
await serv.ready?.();
const [host, port] = address.split(":");
server.listen(Number(port), host);
process.on("SIGTERM", () => process.exit(0));
