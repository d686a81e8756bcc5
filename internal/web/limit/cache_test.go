package limit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kabinet/internal/web/limit"
)

// security G15: a million distinct texts stay within the bytes allowed.
func TestTextCacheIsBoundedByBytes(t *testing.T) {
	const most = 64 << 10
	c := limit.NewQueryTexts(most)
	ctx := context.Background()
	for i := range 100_000 {
		c.Add(ctx, fmt.Sprint(i), strings.Repeat("x", i%2000))
		if c.Used() > most {
			t.Fatalf("%d bytes after %d entries", c.Used(), i)
		}
	}
	if _, ok := c.Get(ctx, "99999"); !ok {
		t.Error("the newest is gone")
	}
	if _, ok := c.Get(ctx, "0"); ok {
		t.Error("the oldest is still there")
	}
	used := c.Used()
	c.Add(ctx, "giant", strings.Repeat("x", most/2))
	if _, ok := c.Get(ctx, "giant"); ok || c.Used() != used {
		t.Error("one entry may take everything")
	}
}

func TestTextCacheKeepsWhatIsUsed(t *testing.T) {
	c := limit.NewDocuments(1 << 20)
	ctx := context.Background()
	c.Add(ctx, "kept", nil)
	for i := range 10_000 {
		c.Add(ctx, fmt.Sprintf("{ field%d }", i), nil)
		if _, ok := c.Get(ctx, "kept"); !ok {
			t.Fatalf("gone after %d others though it is used all the time", i)
		}
	}
}
