package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binary struct {
	once sync.Once
	path string
	err  error
}

// built is the real binary, built once.
func built(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		dir, err := os.MkdirTemp("", "kabinet-binary")
		if err != nil {
			binary.err = err
			return
		}
		binary.path = filepath.Join(dir, "kabinet")
		out, err := exec.Command("go", "build", "-o", binary.path, ".").CombinedOutput()
		if err != nil {
			binary.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	check(t, binary.err)
	return binary.path
}

// command is the binary with an environment of its own, in dir.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(built(t), args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "KABINET_SECRET_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}, env...)
	return cmd
}

// server is a running binary.
type server struct {
	cmd    *exec.Cmd
	url    string
	stdout *logBook
	stderr *bytes.Buffer
}

func start(t *testing.T, dir string, env []string, args ...string) *server {
	t.Helper()
	s := &server{cmd: command(t, dir, append(env, "KABINET_LISTEN=127.0.0.1:0"), args...), stdout: &logBook{}, stderr: &bytes.Buffer{}}
	out, err := s.cmd.StdoutPipe()
	check(t, err)
	s.cmd.Stderr = s.stderr
	check(t, s.cmd.Start())
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _, _ = s.cmd.Process.Wait() })
	lines := bufio.NewScanner(out)
	found := make(chan string, 1)
	go func() {
		for lines.Scan() {
			fmt.Fprintln(s.stdout, lines.Text())
			if url, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
				found <- url
			}
		}
		close(found)
	}()
	select {
	case s.url = <-found:
	case <-time.After(60 * time.Second):
	}
	if s.url == "" {
		_ = s.cmd.Process.Kill()
		t.Fatalf("it does not listen: %s", s.stderr)
	}
	return s
}

func (s *server) post(t *testing.T, token, query string) map[string]any {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"query": query})
	req, err := http.NewRequest(http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	check(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(t, err)
	var answer map[string]any
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatalf("%s: %s", resp.Status, b)
	}
	return answer
}

func (s *server) get(t *testing.T, path string) (int, string) {
	t.Helper()
	resp, err := http.Get(s.url + path)
	check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(t, err)
	return resp.StatusCode, string(b)
}

// stop ends it with SIGTERM and gives its exit code.
func (s *server) stop(t *testing.T) int {
	t.Helper()
	check(t, s.cmd.Process.Signal(syscall.SIGTERM))
	cut := time.AfterFunc(40*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer cut.Stop()
	_ = s.cmd.Wait() // the exit code says it all
	return s.cmd.ProcessState.ExitCode()
}

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, nil, "serve", "--demo")
	for _, who := range []string{"customer", "partner", "staff"} {
		answer := s.post(t, "", fmt.Sprintf(`mutation { signIn(input: {login: "%s@example.com", password: "kabinet-demo"}) { session { token } userErrors { code } } }`, who))
		token, ok := dig(answer, "data.signIn.session.token")
		if !ok {
			t.Fatalf("%s cannot sign in: %v", who, answer)
		}
		answer = s.post(t, token.(string), `{ me { displayName unreadCount orders(first: 10) { totalCount nodes { number lines { title } } } bonusAccount { balance } tickets(first: 5) { nodes { lastMessage { body } } } notifications(first: 10) { nodes { title } } } }`)
		if answer["errors"] != nil {
			t.Fatalf("%s: %v", who, answer)
		}
		if n, _ := dig(answer, "data.me.orders.totalCount"); who == "customer" && n.(float64) < 5 {
			t.Fatalf("the customer has %v orders", n)
		}
		if n, _ := dig(answer, "data.me.unreadCount"); who == "customer" && n.(float64) < 2 {
			t.Fatalf("the customer has %v unread notifications", n)
		}
	}
	if status, body := s.get(t, "/readyz"); status != 200 {
		t.Fatal(status, body)
	}
	if status, body := s.get(t, "/"); status != 200 || !strings.Contains(body, "graphiql") {
		t.Fatal("no GraphiQL", status)
	}
	if !strings.Contains(s.stdout.String(), "kabinet-demo") {
		t.Fatalf("it does not say how to begin: %s", s.stdout)
	}
	before := s.post(t, "", `{ products(first: 1) { totalCount } }`)
	if code := s.stop(t); code != 0 {
		t.Fatalf("left with %d: %s", code, s.stderr)
	}
	again := start(t, dir, nil, "serve", "--demo")
	if after := again.post(t, "", `{ products(first: 1) { totalCount } }`); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Fatalf("--demo on an existing file changed it: %v, %v", before, after)
	}
	if code := again.stop(t); code != 0 {
		t.Fatalf("left with %d", code)
	}
	out, err := command(t, dir, nil, "check", "ledger").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestProduction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, nil)
	if !strings.Contains(s.stdout.String(), "user create --admin") {
		time.Sleep(200 * time.Millisecond)
	}
	if !strings.Contains(s.stdout.String(), "user create --admin") {
		t.Fatalf("it does not say how to make the first administrator: %s", s.stdout)
	}
	for _, path := range []string{"/", "/metrics", "/demo/outbox", "/demo/outbox.json", "/demo/outbox/1"} { // security G17
		if status, _ := s.get(t, path); status != 404 {
			t.Errorf("%s answers %d in production", path, status)
		}
	}
	if answer := s.post(t, "", `{ __schema { types { name } } }`); answer["data"] != nil { // security G6
		t.Errorf("introspection in production: %v", answer)
	}
	if answer := s.post(t, "", `{ usr { id } }`); strings.Contains(fmt.Sprint(answer), "Did you mean") { // security G12
		t.Errorf("hints in production: %v", answer)
	}
	cmd := command(t, dir, []string{"KABINET_PASSWORD=" + password}, "user", "create", "--admin", "--email", "root@example.com", "--name", "Root")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	answer := s.post(t, "", fmt.Sprintf(`mutation { signIn(input: {login: "root@example.com", password: "%s"}) { session { token } } }`, password))
	token, ok := dig(answer, "data.signIn.session.token")
	if !ok {
		t.Fatal(answer)
	}
	if answer := s.post(t, token.(string), `{ orders { totalCount } }`); answer["errors"] != nil {
		t.Fatalf("the first administrator may not read orders: %v", answer)
	}
	if code := s.stop(t); code != 0 {
		t.Fatalf("left with %d: %s", code, s.stderr)
	}
	if runtime.GOOS == "linux" && !strings.Contains(s.stderr.String(), `"msg":"memory","gogc":400,`) {
		t.Errorf("the collector was left as it is: %s", s.stderr)
	}
	for _, secret := range []string{password, token.(string)} { // security B5 J9
		if strings.Contains(s.stderr.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

func TestCannotStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  []string
		args []string
		says string
	}{
		"wrong setting":  {[]string{"KABINET_LISTEN=nowhere"}, nil, "KABINET_LISTEN"},
		"no such server": {[]string{"KABINET_DATABASE_URL=postgres://nobody@127.0.0.1:1/none?sslmode=disable&connect_timeout=2"}, nil, "database"}, // security L4
		"no secret":      {[]string{"KABINET_SECRET_KEY="}, nil, "KABINET_SECRET_KEY"},
		"bad letter box": {[]string{"KABINET_SMTP_URL=smtp://mail.example.com:25", "KABINET_MAIL_FROM=not an address"}, nil, "KABINET_MAIL_FROM"},
		"no manifest":    {[]string{"KABINET_TRUSTED_DOCUMENTS=none.json"}, nil, "KABINET_TRUSTED_DOCUMENTS=none.json"},
		"only what":      {[]string{"KABINET_TRUSTED_DOCUMENTS_ONLY=true"}, nil, "KABINET_TRUSTED_DOCUMENTS is not set"},
		"no command":     {nil, []string{"dance"}, "dance"},
		"taken port":     {[]string{"KABINET_LISTEN=127.0.0.1:1"}, nil, "KABINET_LISTEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "taken port" {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				check(t, err)
				defer ln.Close()
				c.env = []string{"KABINET_LISTEN=" + ln.Addr().String()}
			}
			out, err := command(t, t.TempDir(), c.env, c.args...).CombinedOutput()
			if err == nil {
				t.Fatalf("it left with 0: %s", out)
			}
			if !strings.Contains(string(out), c.says) || bytes.Count(out, []byte("\n")) > 6 {
				t.Errorf("not one clear line with %s: %s", c.says, out)
			}
		})
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	out, err := command(t, t.TempDir(), nil, "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "kabinet ") {
		t.Fatalf("%v: %s", err, out)
	}
	out, err = command(t, t.TempDir(), nil, "--help").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"serve", "migrate", "import", "check", "user create", "version", "KABINET_DATABASE_URL", "KABINET_EVENT_RETENTION", "KABINET_TRUSTED_DOCUMENTS_ONLY", "GOGC"} {
		if !strings.Contains(string(out), word) {
			t.Errorf("--help does not tell of %s", word)
		}
	}
}
