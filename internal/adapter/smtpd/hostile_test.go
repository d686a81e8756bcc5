package smtpd_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/adapter/smtpd"
)

// talk sends lines at once, as whoever pipelines does, and gives what is
// answered until the server hangs up or is silent.
func talk(t *testing.T, addr, lines string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, lines); err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(c)
	return string(b)
}

const envelope = "EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\n"

// Two letters in one go are two; what only looks like the end of one is not
// (SMTP smuggling); nobody hears which addresses there are.
func TestProtocol(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{})
	got := talk(t, addr, envelope+body+".\r\nMAIL FROM:<b@example.com>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\n"+body+".\r\nQUIT\r\n")
	if len(k.all) != 2 || strings.Count(got, "\r\n250 2.0.0 OK: queued") != 2 && strings.Count(got, "\r\n354 ") != 2 {
		t.Errorf("%d letters: %q", len(k.all), got)
	}
	smuggled := "From: a@example.com\r\n\r\nx\n.\nMAIL FROM:<evil@example.com>\nRCPT TO:<support@shop.example>\nDATA\nFrom: boss@shop.example\n\ny\n.\r\nz\r\n.\n\r\n"
	talk(t, addr, envelope+smuggled+".\r\nQUIT\r\n")
	if len(k.all) != 3 || k.all[2].From != "a@example.com" || !strings.Contains(string(k.all[2].Raw), "boss@shop.example") {
		t.Errorf("%d letters: %+v", len(k.all), k.all[2:])
	}
	for _, command := range []string{"VRFY support", "VRFY nobody", "EXPN support", "AUTH PLAIN AGEAYg==", "TURN", "ETRN x", "STARTTLS", "BDAT 5 LAST", "RCPT TO:<bob@example.com>"} {
		_, after, _ := strings.Cut(talk(t, addr, "EHLO x\r\n"+command+"\r\nQUIT\r\n"), "\r\n250 ")
		_, after, _ = strings.Cut(after, "\r\n") // what follows the greeting
		if after == "" || strings.HasPrefix(after, "250") || strings.HasPrefix(after, "334") || strings.HasPrefix(after, "235") || strings.Contains(after, "support@") {
			t.Errorf("%s: %q", command, after)
		}
	}
	if one, other := talk(t, addr, "EHLO x\r\nVRFY support\r\nQUIT\r\n"), talk(t, addr, "EHLO x\r\nVRFY nobody\r\nQUIT\r\n"); one != other {
		t.Errorf("%q is not %q", one, other)
	}
	size := talk(t, addr, "EHLO x\r\nMAIL FROM:<a@example.com> SIZE=52428800\r\nQUIT\r\n")
	if !strings.Contains(size, "\r\n552 ") {
		t.Errorf("50 MB: %q", size)
	}
}

// 250 is said when the letter is kept and not before.
func TestKeptBeforeAnswered(t *testing.T) {
	t.Parallel()
	began, kept := make(chan struct{}), make(chan struct{})
	s := smtpd.New(smtpd.Options{Domain: "mx.shop.example", MaxBytes: 1 << 20, Ours: func(string) bool { return true }, Take: func(context.Context, smtpd.Envelope) error {
		close(began)
		<-kept
		return nil
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Shutdown(context.Background()) })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, envelope+body+".\r\n")
	<-began
	r := bufio.NewReader(c)
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	early, _ := io.ReadAll(r)
	if _, after, begun := strings.Cut(string(early), "354 "); !begun || strings.Contains(after, "250 ") {
		t.Fatalf("%q", early)
	}
	close(kept)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "250 ") {
		t.Errorf("%q, %v", line, err)
	}
}

// A connection ends though it is kept busy.
func TestLongest(t *testing.T) {
	t.Parallel()
	addr, _, _ := serve(t, smtpd.Options{Longest: 500 * time.Millisecond})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	go func() {
		for range 200 {
			if _, err := io.WriteString(c, "NOOP\r\n"); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.Copy(io.Discard, c)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it lasted %s", took)
	}
}

// There is room for so many bytes at once, and there is again when they are gone.
func TestHeldBytes(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{HeldBytes: 1000})
	large := body + strings.Repeat("x\r\n", 1000)
	if got := code(deliver(addr, "a@example.com", []string{"support@shop.example"}, large)); got != 452 {
		t.Errorf("%d", got)
	}
	if err := deliver(addr, "a@example.com", []string{"support@shop.example"}, body); err != nil || len(k.all) != 1 {
		t.Errorf("%v", err)
	}
}

// 1,000 connections at once: so many are served as are allowed, and a letter
// gets in when they are gone.
func TestThousandConnections(t *testing.T) {
	t.Parallel()
	addr, k, _ := serve(t, smtpd.Options{})
	var mu sync.Mutex
	var wg sync.WaitGroup
	greeted, told := 0, 0
	var open []net.Conn
	for range 1000 {
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return
			}
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			line, _ := bufio.NewReader(c).ReadString('\n')
			mu.Lock()
			defer mu.Unlock()
			open = append(open, c)
			switch {
			case strings.HasPrefix(line, "220"):
				greeted++
			case strings.HasPrefix(line, "421"):
				told++
			}
		})
	}
	wg.Wait()
	if greeted != 10 || told < 900 {
		t.Errorf("%d greeted, %d told to come later", greeted, told)
	}
	for _, c := range open {
		_ = c.Close()
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err := deliver(addr, "a@example.com", []string{"support@shop.example"}, body); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if len(k.all) != 1 || !k.all[0].Peer.IsLoopback() {
		t.Errorf("%s", fmt.Sprint(k.all))
	}
}

// Who is connected and says nothing does not hold up the end; a letter that is
// being kept is waited for and answered.
func TestShutdown(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	s := smtpd.New(smtpd.Options{Domain: "mx.shop.example", MaxBytes: 1 << 20, Ours: func(string) bool { return true }, Take: func(context.Context, smtpd.Envelope) error {
		close(began)
		time.Sleep(3 * time.Second)
		return nil
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	idle, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	if _, err := bufio.NewReader(idle).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	said := make(chan string)
	go func() { said <- talk(t, l.Addr().String(), envelope+body+".\r\n") }()
	<-began
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	at := time.Now()
	if err := s.Shutdown(ctx); err != nil || time.Since(at) > 8*time.Second {
		t.Errorf("%v after %s", err, time.Since(at))
	}
	if answer := <-said; !strings.Contains(answer, "OK: queued") {
		t.Errorf("%q", answer)
	}
}
