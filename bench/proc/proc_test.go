package proc

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	pid, s, err := parse([]byte("42 (a) name (x) S 7 42 42 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 100 0 0"))
	if err != nil || pid != 42 || s.parent != 7 || s.own != 300*time.Millisecond || s.gone != 700*time.Millisecond {
		t.Error(pid, s, err)
	}
}

// What a child that has ended used counts.
func TestCPUOfChildren(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	after, err := CPU(os.Getpid())
	if err != nil || after-before < 50*time.Millisecond {
		t.Errorf("%s, %v", after-before, err)
	}
	if rss, err := Resident(os.Getpid()); err != nil || rss < 1<<20 {
		t.Error(rss, err)
	}
}
