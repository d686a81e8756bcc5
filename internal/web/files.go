package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rs/cors"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

// Files are the doors through which bytes come and go. What they take and give
// is decided behind the funcs; the doors know links, names and headers only.
type Files struct {
	// Upload takes the body of a PUT to a link; length is -1 where it is not
	// said. What it gives is the answer, as JSON. The context has the address,
	// agent and language of the caller, and whoever presents a session besides,
	// or nobody: the link is the proof.
	Upload func(ctx context.Context, token string, body io.Reader, length int64) (any, error)
	// Download finds what a link leads to. The context has whoever presents a
	// session besides, or nobody.
	Download func(ctx context.Context, id, signature string) (*File, error)
	// Picture finds a picture that everybody who knows its key may see.
	Picture func(ctx context.Context, key string) (*File, error)
}

// File is what a door gives out. Content is closed by the door.
type File struct {
	Name     string // of the download, as somebody wrote it
	Type     string // of the bytes
	Tag      string // the same as long as the bytes are; letters and digits
	Modified time.Time
	Content  io.ReadSeekCloser
}

// How long a slow line may take, both ways, and how many parts of a file one
// request may ask for.
const (
	uploadTime   = 5 * time.Minute
	downloadTime = 15 * time.Minute
	mostRanges   = 4
)

// uploadPath and the others are the paths of files.
const (
	uploadPath  = "/files/upload/"
	filePath    = "/files/"
	picturePath = "/avatars/"
)

func (e *Edge) fileRoutes(mux *http.ServeMux) {
	if e.o.Files == nil {
		return
	}
	upload := http.Handler(http.HandlerFunc(e.upload))
	mux.Handle("PUT "+uploadPath+"{token}", e.pages(http.MethodPut, upload))
	mux.Handle("OPTIONS "+uploadPath+"{token}", e.pages(http.MethodPut, upload))
	mux.Handle("GET "+filePath+"{id}", e.pages(http.MethodGet, http.HandlerFunc(e.download)))
	mux.HandleFunc("GET "+picturePath+"{key}", e.picture)
}

// pages lets pages of the listed origins send and read files.
func (e *Edge) pages(method string, next http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowOriginFunc: e.origins.has, AllowCredentials: true, AllowedMethods: []string{method},
		AllowedHeaders: []string{"Accept", "Accept-Language", "Authorization", "Content-Type", "Range", "X-Request-Id"},
		ExposedHeaders: []string{"Content-Disposition", "Content-Range", "ETag", "Retry-After", "X-Request-Id"}, MaxAge: 600,
	}).Handler(next)
}

func (e *Edge) upload(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(uploadTime))
	_ = control.SetWriteDeadline(time.Now().Add(uploadTime + time.Minute))
	from := credentials(r)
	ctx := viewer.With(r.Context(), viewer.Viewer{
		Locale: locale.Match(from.Locale), IP: from.IP, UserAgent: from.UserAgent, RequestID: from.RequestID})
	answer, err := e.o.Files.Upload(e.presented(ctx, r), r.PathValue("token"), r.Body, r.ContentLength)
	if err != nil {
		e.refuseFile(w, r.WithContext(ctx), err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer)
}

// fileStatus says which status an answer to PUT has; the others are 422.
var fileStatus = map[string]int{
	"FILE_TOO_LARGE": http.StatusRequestEntityTooLarge, "FILE_TYPE_REFUSED": http.StatusUnsupportedMediaType,
}

func (e *Edge) refuseFile(w http.ResponseWriter, r *http.Request, err error) {
	f, ok := fault.As(err)
	if !ok {
		f = fault.ErrInternal
	}
	status := http.StatusUnprocessableEntity
	switch f.Kind {
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.Conflict:
		status = http.StatusConflict
	case fault.TooMany:
		retryAfter(w, f)
		status = http.StatusTooManyRequests
	case fault.Invalid, fault.Refused:
		if s, named := fileStatus[f.Code]; named {
			status = s
		}
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
		e.log.Error("file", "requestId", callOf(r).id, "error", err.Error())
	default:
		f, status = fault.ErrInternal, http.StatusInternalServerError
		if r.Context().Err() == nil {
			e.log.Error("file", "requestId", callOf(r).id, "error", err.Error())
		}
	}
	e.refuse(w, r, status, f, locale.ErrorMessage(viewer.From(r.Context()).Locale, f.Code, f.Params))
}

// download gives out what a link leads to; everything that is wrong with a
// link is the same 404 (security J5).
func (e *Edge) download(w http.ResponseWriter, r *http.Request) {
	f, err := e.o.Files.Download(e.presented(r.Context(), r), r.PathValue("id"), r.URL.RawQuery)
	if err != nil {
		e.noFile(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Disposition", attachment(f.Name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, no-store")
	e.give(w, r, f)
}

// presented is who comes with a link, where he shows a session: it must not be
// another person's than the link's.
func (e *Edge) presented(ctx context.Context, r *http.Request) context.Context {
	cred := credentials(r)
	if cred.Token == "" {
		return ctx
	}
	cred.Passive, cred.Company = true, ""
	who, err := e.o.SignIn(ctx, cred)
	if err != nil {
		return ctx
	}
	return viewer.With(ctx, who)
}

func (e *Edge) picture(w http.ResponseWriter, r *http.Request) {
	f, err := e.o.Files.Picture(r.Context(), r.PathValue("key"))
	if err != nil {
		e.noFile(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	e.give(w, r, f)
}

func (e *Edge) noFile(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case fault.KindOf(err) == fault.NotFound:
		http.NotFound(w, r)
	case r.Context().Err() != nil:
	default:
		e.log.Error("file", "requestId", callOf(r).id, "error", err.Error())
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// give writes the bytes, or the part of them that is asked for. A request for
// many small parts would cost more than the whole, so it gets the whole.
func (e *Edge) give(w http.ResponseWriter, r *http.Request, f *File) {
	defer f.Content.Close()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(downloadTime))
	if strings.Count(r.Header.Get("Range"), ",") >= mostRanges {
		r.Header.Del("Range")
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	if f.Tag != "" {
		h.Set("ETag", `"`+f.Tag+`"`)
	}
	http.ServeContent(w, r, "", f.Modified, f.Content)
}
