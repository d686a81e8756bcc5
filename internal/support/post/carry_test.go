package post_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/post"
)

// files makes documents of sam's of these sizes.
func (w *world) files(t testing.TB, sizes ...int64) (ids []scalar.ID) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for i, size := range sizes {
			d, err := tx.Document.Create().SetOwnerID(w.sam).SetUserID(w.sam).SetKind("UPLOAD").SetStatus("READY").SetTitle(fmt.Sprintf("%d.txt", i)).
				SetMime("text/plain").SetSize(size).SetBlobKey(uuid.NewString()).Save(ctx)
			if err != nil {
				return err
			}
			ids = append(ids, d.GlobalID())
		}
		return nil
	})
	return ids
}

// answerWith answers with files and gives the letter that leaves.
func (w *world) answerWith(t testing.TB, tkt *ent.Ticket, files []scalar.ID) (post.Outgoing, *ent.TicketMessage) {
	t.Helper()
	m, _, err := w.tickets.Reply(staff(w.sam), support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Here they are", AttachmentIDs: files})
	check(t, err)
	sent := w.leave(t)
	if len(sent) != 1 {
		t.Fatalf("%+v", sent)
	}
	return sent[0], m
}

// Files of an answer go with the letter while there is room, in their order;
// the others are in the account, or, for who has none, behind a link that ends
// when his ticket is of an account, or the message is hidden or removed.
func TestFilesOfAnAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		gone := uuid.Nil
		w.post.MostAttached = 10
		w.post.Open = func(_ context.Context, id uuid.UUID) (io.ReadCloser, error) {
			if id == gone {
				return nil, fault.ErrNotFound
			}
			return io.NopCloser(strings.NewReader("0123456789")), nil
		}
		readers := map[uuid.UUID]uuid.UUID{}
		w.post.FileURL = func(attachment, reader uuid.UUID) string {
			readers[attachment] = reader
			return "https://shop.example/files/" + attachment.String()
		}
		alice := storetest.As(w.alice)
		o, _ := w.answerWith(t, w.open(t, alice), w.files(t, 4, 11, 6, 1))
		if len(o.Files) != 2 || o.Files[0].Name != "0.txt" || string(o.Files[0].Bytes) != "0123" || o.Files[1].Name != "2.txt" || string(o.Files[1].Bytes) != "012345" ||
			!strings.Contains(o.Text, "in your account: 1.txt, 3.txt") || len(readers) != 0 {
			t.Errorf("%+v", o)
		}
		ids := w.files(t, 1, 1)
		gone = ids[0].UUID
		if o, _ := w.answerWith(t, w.open(t, alice), ids); len(o.Files) != 1 || o.Files[0].Name != "1.txt" || strings.Contains(o.Text, "0.txt") {
			t.Errorf("a file that its owner deleted: %+v", o)
		}

		l := w.take(t, w.letter("new@example.org", here, "Hello"))
		w.leave(t)
		o, m := w.answerWith(t, w.ticket(t, *l.TicketID), w.files(t, 11, 2))
		if len(o.Files) != 1 || len(readers) != 1 || !strings.Contains(o.Text, "for 30 days:\n- 0.txt: https://shop.example/files/") || !strings.Contains(o.HTML, `<a href="https://shop.example/files/`) {
			t.Fatalf("%+v", o)
		}
		w.linkLives(t, m, readers)
	})
}

// linkLives follows a link to a file until it ends.
func (w *world) linkLives(t *testing.T, m *ent.TicketMessage, readers map[uuid.UUID]uuid.UUID) {
	t.Helper()
	var attachment, reader uuid.UUID
	for attachment, reader = range readers {
	}
	opens := func(reader uuid.UUID) bool {
		_, err := w.post.Mailed(context.Background(), attachment, reader)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		return err == nil
	}
	if !opens(reader) || opens(uuid.Nil) || opens(w.alice) {
		t.Error("the link opens for others than it was sent to")
	}
	set := func(column, to string) {
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE ticket_messages SET `+column+` = `+to+` WHERE id = ?`, m.ID)
			return err
		})
	}
	set("visibility", "'STAFF'")
	if opens(reader) {
		t.Error("a file of a message that is hidden")
	}
	set("visibility", "'ALL'")
	set("removed_at", "created_at")
	if opens(reader) {
		t.Error("a file of a message that was removed")
	}
	set("removed_at", "NULL")
	if !opens(reader) {
		t.Error("it does not open again")
	}
	w.confirm(t, "new@example.org")
	if opens(reader) {
		t.Error("the ticket is of an account, and the link still opens")
	}
}
