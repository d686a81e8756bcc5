// PostGraphile over the tables as they are, one process, as in production: no
// GraphiQL, no watching, no introspection of plans. Who calls is asked of the
// sessions by one prepared statement; with -open he is believed. Either way the
// person is whom the query names. Usage: node server.mjs POSTGRES_URL HOST:PORT [-open]
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import pg from "pg";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";

const [url, address, open] = process.argv.slice(2);

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

const sessions = new pg.Pool({ connectionString: url, max: 16 });
const signedIn = `SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id
  WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND (s.expires_at > now()) IS TRUE AND u.status = 'ACTIVE'`;

async function context(request) {
  const token = (request.node?.req.headers.authorization ?? "").slice("Bearer ".length);
  const { rows } = await sessions.query({ name: "signedIn", text: signedIn, values: [createHash("sha256").update(token).digest()] });
  if (rows.length === 0) throw new Error("not signed in");
  return { user: rows[0].id };
}

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: url, schemas: ["public"], pubsub: false, poolConfig: { max: 16 } })],
  grafast: open ? { explain: false } : { explain: false, context },
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
