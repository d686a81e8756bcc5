package document_test

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/png"
	"strings"
	"testing"
	"time"

	"kabinet/internal/document"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

func parse(t *testing.T, s string) scalar.ID {
	t.Helper()
	id, err := scalar.ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) avatar(ctx context.Context, body string) (*document.Avatar, error) {
	w.t.Helper()
	link, err := w.UploadAvatar(ctx, document.UploadAvatarInput{})
	w.must(err)
	got, err := w.put(link, body)
	if err != nil {
		return nil, err
	}
	return got.Avatar, nil
}

func TestAvatar(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, a := w.person("Alice Adams")
		drawn := w.AvatarOf(a)
		if !drawn.Generated || drawn.Initials != "AA" || !strings.HasPrefix(drawn.URL, "data:image/svg+xml;base64,") || drawn.Width != 96 {
			t.Errorf("%+v", drawn)
		}
		first, err := w.avatar(alice, drawing(t, 1024, 512))
		w.must(err)
		if first.Generated || first.Width != 512 || first.Height != 256 || first.Initials != "AA" || first.Color != drawn.Color {
			t.Errorf("%+v", first)
		}
		key, ok := strings.CutPrefix(first.URL, "https://account.example.com/avatars/")
		if !ok || len(key) != 22 {
			t.Fatalf("%s", first.URL)
		}
		g, err := w.Picture(context.Background(), key)
		w.must(err)
		img, err := png.Decode(g.Content)
		if err != nil || img.Bounds().Dx() != 512 || g.Mime != "image/png" {
			t.Errorf("%v %s", err, g.Mime)
		}
		_ = g.Content.Close()
		for _, bad := range []string{"", key[1:], key + "A", strings.Repeat("A", 22), "..", key + "\n"} {
			if _, err := w.Picture(context.Background(), bad); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		// Another one takes its place, at another address; the former is gone.
		second, err := w.avatar(alice, drawing(t, 10, 10))
		w.must(err)
		if second.URL == first.URL || second.Width != 10 {
			t.Errorf("%+v", second)
		}
		if _, err := w.Picture(context.Background(), key); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the former picture: %v", err)
		}
		w.work()
		if len(w.blobs()) != 1 {
			t.Errorf("%v", w.blobs())
		}
		for range 2 {
			u, err := w.RemoveAvatar(alice)
			if err != nil || u.AvatarID != nil || !w.AvatarOf(u).Generated {
				t.Errorf("%+v %v", u, err)
			}
		}
		w.work()
		if len(w.blobs()) != 0 || w.number(`SELECT count(*) FROM documents`) != 0 {
			t.Errorf("%v", w.blobs())
		}
		if n := w.number(`SELECT count(*) FROM account_events WHERE kind = 'account.profile_updated'`); n != 3 {
			t.Errorf("%d facts", n)
		}
	})
}

// security J2, J3
func TestRefusedAvatars(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, a := w.person("Alice")
		for body, want := range map[string]error{
			"<svg xmlns='http://www.w3.org/2000/svg'/>": document.ErrFileTypeRefused,
			"<!doctype html><script>alert(1)</script>":  document.ErrFileTypeRefused,
			"%PDF-1.7\n":                         document.ErrFileTypeRefused,
			"":                                   document.ErrFileEmpty,
			drawing(t, 4, 4)[:50]:                document.ErrPictureInvalid,
			bomb(drawing(t, 4, 4)):               document.ErrPictureTooLarge,
			"\x89PNG\r\n\x1a\nno picture at all": document.ErrPictureInvalid,
		} {
			if _, err := w.avatar(alice, body); !errors.Is(err, want) {
				t.Errorf("%.20q: %v, want %v", body, err, want)
			}
		}
		size := 10
		link, err := w.UploadAvatar(alice, document.UploadAvatarInput{Size: &size})
		w.must(err)
		if _, err := w.Receive(context.Background(), token(link), strings.NewReader(drawing(t, 4, 4)), -1); !errors.Is(err, document.ErrFileTooLarge) {
			t.Error(err)
		}
		size = 10<<20 + 1
		if _, err := w.UploadAvatar(alice, document.UploadAvatarInput{Size: &size}); !errors.Is(err, fault.ErrOutOfRange) {
			t.Error(err)
		}
		u, err := db.Client.User.Get(alice, a.ID)
		if err != nil || u.AvatarID != nil || len(w.blobs()) != 0 {
			t.Errorf("%v %v", err, w.blobs())
		}
		db.Clock.Add(2 * time.Hour)
		for i := range 31 {
			_, err := w.UploadAvatar(alice, document.UploadAvatarInput{})
			switch {
			case i < 20 && err != nil, i >= 20 && i < 30 && !errors.Is(err, document.ErrTooManyItems), i == 30 && !errors.Is(err, fault.ErrRateLimited):
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// bomb says of a picture that it is 50,000 pixels wide and high.
func bomb(pic string) string {
	head := "IHDR\x00\x00\xc3\x50\x00\x00\xc3\x50" + pic[24:29]
	return pic[:12] + head + string(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(head)))) + pic[33:]
}
