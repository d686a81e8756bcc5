package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

var errTooLarge = fault.New(fault.Invalid, "FILE_TOO_LARGE")

// shelf gives one file to who has the link, and one picture to everybody.
func shelf(name *string, who *viewer.Viewer) *web.Files {
	return &web.Files{
		Upload: func(_ context.Context, token string, body io.Reader, length int64) (any, error) {
			b, err := io.ReadAll(body)
			switch {
			case err != nil:
				return nil, err
			case token == "large":
				return nil, errTooLarge.With("limit", 3)
			case token == "taken":
				return nil, fault.ErrConflict
			case token == "broken":
				return nil, errors.New("secret text")
			case token != "good":
				return nil, fault.ErrNotFound
			}
			return map[string]any{"bytes": len(b), "length": length}, nil
		},
		Download: func(ctx context.Context, id, signature string) (*web.File, error) {
			*who = viewer.From(ctx)
			if id != "doc_1" || signature != "good" {
				return nil, fault.ErrNotFound
			}
			return &web.File{Name: *name, Type: "text/html", Tag: "abc", Modified: time.Unix(1700000000, 0), Content: content{bytes.NewReader([]byte("0123456789"))}}, nil
		},
		Picture: func(_ context.Context, key string) (*web.File, error) {
			if key != "k" {
				return nil, fault.ErrNotFound
			}
			return &web.File{Type: "image/png", Content: content{bytes.NewReader([]byte("png"))}}, nil
		},
	}
}

func TestFileDoors(t *testing.T) {
	name, who := "report.pdf", viewer.Viewer{}
	s := open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Files, o.PublicURL, o.Origins = shelf(&name, &who), "https://account.example.com", []string{"https://shop.example.com"}
	})
	for _, c := range []struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		{"PUT", "/files/upload/good", "abc", nil, 200, `{"bytes":3,"length":3}`},
		{"PUT", "/files/upload/large", "abcd", nil, 413, "FILE_TOO_LARGE"},
		{"PUT", "/files/upload/taken", "abcd", nil, 409, "CONFLICT"},
		{"PUT", "/files/upload/broken", "abcd", nil, 500, "INTERNAL"},
		{"PUT", "/files/upload/guess", "abcd", nil, 404, "NOT_FOUND"},
		{"POST", "/files/upload/good", "abc", nil, 405, ""},
		{"GET", "/files/doc_1?good", "", nil, 200, "0123456789"},
		{"GET", "/files/doc_1?other", "", nil, 404, ""},
		{"GET", "/files/doc_1", "", nil, 404, ""},
		{"GET", "/files/doc_2?good", "", nil, 404, ""},
		{"GET", "/files/..%2fdoc_1?good", "", nil, 404, ""},
		{"GET", "/files/doc_1?good", "", []string{"Range", "bytes=2-4"}, 206, "234"},
		{"GET", "/files/doc_1?good", "", []string{"Range", "bytes=-2"}, 206, "89"},
		{"GET", "/files/doc_1?good", "", []string{"Range", "bytes=50-"}, 416, ""},                           // security J5
		{"GET", "/files/doc_1?good", "", []string{"Range", "bytes=9-2"}, 416, ""},                           // security J5
		{"GET", "/files/doc_1?good", "", []string{"Range", "bytes=0-0,1-1,2-2,3-3,4-4"}, 200, "0123456789"}, // security J5
		{"GET", "/files/doc_1?good", "", []string{"Range", "bytes=0-" + strings.Repeat("9", 30)}, 416, ""},  // security J5
		{"GET", "/files/doc_1?good", "", []string{"If-None-Match", `"abc"`}, 304, ""},
		{"GET", "/avatars/k", "", nil, 200, "png"},
		{"GET", "/avatars/j", "", nil, 404, ""},
	} {
		got := s.do(t, c.method, c.path, c.body, c.header...)
		if got.StatusCode != c.status || !strings.Contains(got.body, c.want) || strings.Contains(got.body, "secret") {
			t.Errorf("%s %s %v: %d %s", c.method, c.path, c.header, got.StatusCode, got.body)
		}
	}
}

// A page of ours may send and read files; what is given out can do nothing.
//
// security H7, J2
func TestFileHeaders(t *testing.T) {
	name, who := "report.pdf", viewer.Viewer{}
	s := open(t, func(o *web.Options, _ *webtest.Schema) {
		o.Files, o.PublicURL, o.Origins = shelf(&name, &who), "https://account.example.com", []string{"https://shop.example.com"}
	})
	h := s.do(t, "GET", "/files/doc_1?good", "").Header
	for key, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
		"Cache-Control": "private, no-store", "Content-Type": "text/html", "X-Frame-Options": "DENY",
		"Content-Disposition": `attachment; filename="report.pdf"; filename*=UTF-8''report.pdf`, "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if h.Get(key) != want {
			t.Errorf("%s: %q", key, h.Get(key))
		}
	}
	h = s.do(t, "GET", "/avatars/k", "").Header
	if h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", h)
	}
	ask := []string{"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "content-type", "Origin"}
	h = s.do(t, "OPTIONS", "/files/upload/good", "", append(ask, "https://shop.example.com")...).Header
	if h.Get("Access-Control-Allow-Origin") != "https://shop.example.com" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PUT") {
		t.Errorf("%v", h)
	}
	h = s.do(t, "OPTIONS", "/files/upload/good", "", append(ask, "https://evil.example.com")...).Header
	if h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", h)
	}
}

// Who presents a session is known behind the door; who presents a dead one is nobody.
func TestFileCaller(t *testing.T) {
	name, who := "report.pdf", viewer.Viewer{}
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Files = shelf(&name, &who) })
	for _, header := range [][]string{nil, {"Authorization", "Bearer locked"}, {"Authorization", "nonsense"}} {
		s.do(t, "GET", "/files/doc_1?good", "", header...)
		if who.UserID != uuid.Nil {
			t.Errorf("%v: %+v", header, who)
		}
	}
	s.do(t, "GET", "/files/doc_1?good", "", "Authorization", "Bearer alice")
	if who.UserID == uuid.Nil {
		t.Errorf("%+v", who)
	}
}

// security J1
func TestFileNames(t *testing.T) {
	name, who := "", viewer.Viewer{}
	s := open(t, func(o *web.Options, _ *webtest.Schema) { o.Files = shelf(&name, &who) })
	for given, want := range map[string]string{
		"report.pdf": "report.pdf", "../../etc/passwd": "passwd", `..\..\boot.ini`: "boot.ini", "%2e%2e%2fx": "%2e%2e%2fx",
		"a\x00b.txt": "ab.txt", "CON": "_CON", "nul.txt": "_nul.txt", "": "file", "...": "file", ".htaccess": "htaccess",
		"invoice\u202efdp.exe": "invoicefdp.exe", "a\r\nSet-Cookie: x=1": "aSet-Cookie_ x=1", `he said "x".txt`: "he said _x_.txt",
		"Счёт №5.pdf": "Счёт №5.pdf", strings.Repeat("я", 4000) + ".pdf": strings.Repeat("я", 73) + ".pdf", "a/": "file", "x. .": "x",
	} {
		name = given
		got := s.do(t, "GET", "/files/doc_1?good", "")
		d := got.Header.Get("Content-Disposition")
		kind, params, err := mime.ParseMediaType(d)
		if err != nil || kind != "attachment" || params["filename"] != want {
			t.Errorf("%.40q: %q %v; want %q", given, d, err, want)
		}
		if got.Header.Get("Set-Cookie") != "" || strings.ContainsFunc(d, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) }) || got.StatusCode != http.StatusOK {
			t.Errorf("%.40q: %q", given, d)
		}
	}
}
