package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/session"
	"kabinet/ent/generated/user"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// kabinet is one Kabinet: its database with people in it, and its process.
type kabinet struct {
	*server
	binary, dir string
	url         string // of the database
	profiles    string // address that gives profiles, if built so
	users       []uuid.UUID
	tokens      []string
	staff       string // token of an administrator
	secret      string // KABINET_SECRET_KEY
	more        []string
	store       *store.Store
	closed      bool
}

const (
	staffLogin = "idle@example.com"
	staffWord  = "correct horse battery staple"
)

// newKabinet builds the binary, makes a database with n people who are signed
// in, and starts the server.
func newKabinet(ctx context.Context, o options, name string) (k *kabinet, err error) {
	k = &kabinet{server: &server{name: "kabinet"}, binary: o.binary, dir: filepath.Join(o.dir, name),
		secret: base64.StdEncoding.EncodeToString([]byte(rand.Text() + rand.Text()))}
	if err := os.Mkdir(k.dir, 0o700); err != nil {
		return nil, err
	}
	if k.binary == "" {
		if k.binary, err = build(ctx, o); err != nil {
			return nil, err
		}
	}
	if k.url, err = makeDatabase(ctx, o.postgres, k.dir, name); err != nil {
		return nil, err
	}
	if err := k.fill(ctx, o.n); err != nil {
		return nil, err
	}
	if k.db, err = databaseCPU(ctx, o.postgres); err != nil {
		return nil, err
	}
	if o.gogc != "" {
		k.more = []string{"GOGC=" + o.gogc}
	}
	k.talk(o)
	if err := k.serve(ctx, k.url); err != nil {
		return nil, err
	}
	return k, k.signIn(ctx)
}

// fill makes the tables, an administrator and n people.
func (k *kabinet) fill(ctx context.Context, n int) (err error) {
	env := []string{"KABINET_PASSWORD=" + staffWord}
	for _, args := range [][]string{{"migrate", "up"}, {"user", "create", "--admin", "--email", staffLogin, "--name", "Idle"}} {
		cmd := k.command(ctx, k.url, env, args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("kabinet %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	if k.store, err = store.Open(ctx, store.Options{URL: k.url}); err != nil {
		return err
	}
	return k.populate(ctx, n)
}

// talk says how its clients listen, and how it is made to do something.
func (k *kabinet) talk(o options) {
	k.open = "kabinet_running_subscriptions"
	k.speak, k.crowd = graphqlWS{k.tokens, ownNotifications}, graphqlWS{k.tokens, announcements}
	if o.sse {
		k.speak, k.crowd = graphqlSSE{k.tokens, ownNotifications}, graphqlSSE{k.tokens, announcements}
	}
	k.tell = func(ctx context.Context, user int) error { return k.adjust(ctx, user, uuid.NewString()) }
	k.announce = (&announcer{k: k}).next
	k.stir = func(ctx context.Context) error {
		for range 30 {
			if err := k.ask(ctx, "", `{ __typename }`, nil, nil); err != nil {
				return err
			}
		}
		return nil
	}
}

// build compiles Kabinet as a release does; with -profile it also listens for
// whoever wants a profile, by a file laid over its sources.
func build(ctx context.Context, o options) (string, error) {
	binary := filepath.Join(o.dir, "kabinet")
	args := []string{"build", "-trimpath", "-ldflags", "-s -w", "-o", binary}
	if o.profile != "" {
		overlay, err := profileOverlay(o)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = o.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build kabinet: %w\n%s", err, out)
	}
	return binary, nil
}

// makeDatabase gives the URL of a database that is not there yet or empty.
func makeDatabase(ctx context.Context, postgres, dir, name string) (string, error) {
	if postgres == "" {
		return "sqlite://" + filepath.Join(dir, "kabinet.db"), nil
	}
	u, err := url.Parse(postgres)
	if err != nil {
		return "", err
	}
	db, err := sql.Open("postgres", postgres)
	if err != nil {
		return "", err
	}
	defer db.Close()
	name = "kabinet_idle_" + name
	for _, do := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name} {
		if _, err := db.ExecContext(ctx, do); err != nil {
			return "", err
		}
	}
	u.Path = "/" + name
	return u.String(), nil
}

// databaseCPU measures a PostgreSQL of this machine; elsewhere it is not seen.
func databaseCPU(ctx context.Context, postgres string) (func() (time.Duration, error), error) {
	if postgres == "" {
		return nil, nil
	}
	db, err := sql.Open("postgres", postgres)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var pid int
	if err := db.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return nil, err
	}
	parent, err := parentOf(pid)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL has to run on this machine to be measured: %w", err)
	}
	return func() (time.Duration, error) { return familyCPU(parent) }, nil
}

// command is the binary with settings for one machine full of clients.
func (k *kabinet) command(ctx context.Context, url string, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.binary, args...)
	cmd.Dir = k.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"KABINET_DATABASE_URL=" + url, "KABINET_LISTEN=127.0.0.1:" + k.port(), "KABINET_LOG_LEVEL=error",
		"KABINET_SECRET_KEY=" + k.secret,
		"KABINET_METRICS_LISTEN=" + strings.TrimSuffix(strings.TrimPrefix(k.metrics, "http://"), "/metrics"),
		"KABINET_RATE_NODES=0", "KABINET_SOCKET_INIT=30s", "KABINET_STAFF_SESSION_IDLE=12h", "KABINET_DRAIN=60s",
		"KABINET_PROFILE_LISTEN=" + k.profiles}, env...)
	return cmd
}

func (k *kabinet) port() string {
	_, port, err := net.SplitHostPort(k.addr)
	if err != nil {
		return "8080" // of a command that does not listen
	}
	return port
}

// serve starts the process on the same addresses as before.
func (k *kabinet) serve(ctx context.Context, url string) error {
	if k.addr == "" {
		free, err := freeAddresses(3)
		if err != nil {
			return err
		}
		k.addr, k.metrics, k.profiles = free[0], "http://"+free[1]+"/metrics", free[2]
	}
	cmd := k.command(context.WithoutCancel(ctx), url, k.more, "serve")
	cmd.Stderr = os.Stderr
	ended, _, err := start(cmd, "listening on ")
	if err != nil {
		return err
	}
	k.cmd, k.ended = cmd, ended
	return nil
}

func freeAddresses(n int) (free []string, err error) {
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close() // all at once, so that they differ
		free = append(free, ln.Addr().String())
	}
	return free, nil
}

func (k *kabinet) close() {
	if !k.closed {
		k.closed = true
		k.kill()
		_ = k.store.Close()
	}
}

// populate writes people and their sessions as the system, 500 at a time.
func (k *kabinet) populate(ctx context.Context, n int) error {
	ctx = viewer.AsSystem(ctx, "start")
	for len(k.users) < n {
		batch := min(500, n-len(k.users))
		err := k.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			people := make([]*ent.UserCreate, batch)
			for i := range people {
				people[i] = tx.User.Create().SetDisplayName(fmt.Sprintf("Idle %d", len(k.users)+i)).SetStatus(user.StatusACTIVE)
			}
			made, err := tx.User.CreateBulk(people...).Save(ctx)
			if err != nil {
				return err
			}
			sessions := make([]*ent.SessionCreate, batch)
			for i, u := range made {
				token := "kab_" + strings.ToLower(rand.Text())
				hash := sha256.Sum256([]byte(token))
				sessions[i] = tx.Session.Create().SetUserID(u.ID).SetOwnerID(u.ID).SetKind(session.KindTOKEN).
					SetTokenHash(hash[:]).SetLastUsedAt(tx.Now).SetExpiresAt(tx.Now.Add(24 * time.Hour))
				k.users, k.tokens = append(k.users, u.ID), append(k.tokens, token)
			}
			return tx.Session.CreateBulk(sessions...).Exec(ctx)
		})
		if err != nil {
			return fmt.Errorf("people: %w", err)
		}
	}
	return nil
}

// ask runs one operation over HTTP; into takes its data.
func (k *kabinet) ask(ctx context.Context, token, query string, variables, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+k.addr+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct{ Data, Errors json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if answer.Errors != nil || bytes.Contains(answer.Data, []byte(`"userErrors":[{`)) {
		return fmt.Errorf("refused: %s%s", answer.Errors, answer.Data)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Data, into)
}

func (k *kabinet) signIn(ctx context.Context) error {
	var got struct {
		SignIn struct {
			Session *struct{ Token string }
		}
	}
	err := k.ask(ctx, "", `mutation($in: SignInInput!) { signIn(input: $in) { session { token } userErrors { code } } }`,
		map[string]any{"in": map[string]string{"login": staffLogin, "password": staffWord}}, &got)
	if err == nil && got.SignIn.Session == nil {
		err = errors.New("the administrator was not signed in")
	}
	if err == nil {
		k.staff = got.SignIn.Session.Token
	}
	return err
}

// adjust gives a person one point, which he is notified of.
func (k *kabinet) adjust(ctx context.Context, who int, key string) error {
	return k.ask(ctx, k.staff, `mutation($in: AdjustPointsInput!) { adjustPoints(input: $in) { entry { id } userErrors { code } } }`,
		map[string]any{"in": map[string]any{"userId": scalar.ID{Prefix: "usr", UUID: k.users[who]}.String(), "amount": 1, "reason": "bench", "idempotencyKey": key}}, nil)
}
