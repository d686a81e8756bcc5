package storetest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kabinet/internal/store"
)

// victimURL tells a test binary that it is the victim, and its database.
const victimURL = "KABINET_TEST_VICTIM"

// Main is the TestMain of a package that kills a process: with the variable
// that Kill sets the binary is that process, and works until it is killed.
func Main(m *testing.M, works func(s *store.Store) error) {
	url := os.Getenv(victimURL)
	if url == "" {
		os.Exit(m.Run())
	}
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err == nil {
		err = works(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	time.Sleep(time.Minute)
	os.Exit(1)
}

// Kill starts the victim over db, kills it at the first line that it prints,
// and gives that line. What it was doing can be rescued then: the dead process
// would hold River's leadership for 15 s more.
func Kill(t testing.TB, db *DB) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), victimURL+"="+db.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	must(t, err)
	must(t, db.InTx(System(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM river_leader`)
		return err
	}))
	return strings.TrimSpace(line)
}
