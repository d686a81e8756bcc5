package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// at bounds how many files are looked into at a time: each may be a picture.
var at = make(chan struct{}, 8)

// Received is what a PUT answers: one of both.
type Received struct {
	Document *ReceivedDocument `json:"document,omitempty"`
	Avatar   *Avatar           `json:"avatar,omitempty"`
}

// ReceivedDocument is a document that came.
type ReceivedDocument struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	Mime        string  `json:"mime"`
	Size        int64   `json:"size"` // bytes
	DownloadURL *string `json:"downloadUrl"`
}

// Receive takes the bytes of a link; length is -1 where it is not said. The
// link is the proof of who sends them; who presents another person's session
// with it sends nothing. It is good for one file: of several at once one is
// taken, and after one that was refused another can be tried.
//
// Faults: NOT_FOUND for whatever is wrong with the link, CONFLICT while another
// body of it comes, FILE_TOO_LARGE, FILE_EMPTY, FILE_TYPE_REFUSED,
// FILE_INFECTED, PICTURE_INVALID, PICTURE_TOO_LARGE, RATE_LIMITED.
func (s *Documents) Receive(ctx context.Context, token string, body io.Reader, length int64) (*Received, error) {
	issued, known, err := s.openPaper(ctx, token)
	l := issued.link
	if !known {
		l, err = s.open(ctx, token, "put")
	}
	if err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); v.SignedIn() && v.UserID != l.user {
		return nil, fault.ErrNotFound
	}
	if known {
		return s.receiveIssued(ctx, issued, body, length)
	}
	ctx = l.as(ctx)
	d, b, err := s.take(ctx, l, length)
	if err != nil {
		return nil, err
	}
	out, err := s.receive(ctx, d, b, body)
	if err != nil {
		s.giveBack(ctx, d, b)
		return nil, err
	}
	return out, nil
}

// take makes the link this request's.
func (s *Documents) take(ctx context.Context, l link, length int64) (d *ent.Document, b *Bytes, err error) {
	b = &Bytes{key: s.newKey()}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		d, err = tx.Document.Query().Where(entdocument.ID(l.document), entdocument.OwnerID(l.user), entdocument.StatusEQ(entdocument.StatusPENDING), tx.Locking()).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.ErrNotFound
		case err != nil:
			return err
		case d.BlobKey != nil:
			return fault.ErrConflict
		case length > *d.Size:
			return ErrFileTooLarge.With("limit", *d.Size)
		}
		return tx.Document.UpdateOneID(d.ID).SetBlobKey(b.key).Exec(ctx)
	})
	if err != nil {
		return nil, nil, err
	}
	return d.Unwrap(), b, nil
}

// giveBack lets the link be tried again: what came of it is gone.
func (s *Documents) giveBack(ctx context.Context, d *ent.Document, b *Bytes) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.Blobs.Delete(ctx, b.key)
	if err == nil {
		err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Document.Update().Where(entdocument.ID(d.ID), entdocument.StatusEQ(entdocument.StatusPENDING), entdocument.BlobKey(b.key)).ClearBlobKey().Exec(ctx)
		})
	}
	if err != nil {
		s.log().Warn("a link that failed cannot be tried again", "document", d.GlobalID().String(), "error", err.Error())
	}
}

func (s *Documents) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

// receive takes a body for a document that waits for it.
func (s *Documents) receive(ctx context.Context, d *ent.Document, b *Bytes, body io.Reader) (out *Received, err error) {
	err = s.spooled(ctx, body, *d.Size, func(file *os.File) error {
		if d.Kind == entdocument.KindAVATAR {
			out, err = s.receiveAvatar(ctx, d, b, file)
		} else {
			out, err = s.receivePaper(ctx, d, b, file)
		}
		return err
	})
	return out, err
}

// spooled waits for all of a body of so many bytes, however slow its sender is,
// in a file of its own, and only then for its turn.
func (s *Documents) spooled(ctx context.Context, body io.Reader, limit int64, with func(file *os.File) error) error {
	file, err := os.CreateTemp("", "kabinet-upload-*")
	if err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	var disk *fs.PathError
	if _, err := io.Copy(file, &most{r: body, left: limit, limit: limit}); errors.As(err, &disk) {
		return fault.ErrUnavailable.Because(err)
	} else if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	select {
	case at <- struct{}{}:
		defer func() { <-at }()
	case <-time.After(10 * time.Second):
		return fault.ErrRateLimited.After(5 * time.Second)
	case <-ctx.Done():
		return ctx.Err()
	}
	return with(file)
}

func (s *Documents) receivePaper(ctx context.Context, d *ent.Document, b *Bytes, body io.Reader) (*Received, error) {
	err := s.keepSniffed(ctx, b, body)
	if f, ok := fault.As(err); ok && f.Code == ErrFileInfected.Code {
		return nil, s.quarantine(ctx, d, b)
	}
	if err != nil {
		return nil, err
	}
	if d, err = s.finish(ctx, d, b); err != nil {
		return nil, err
	}
	return &Received{Document: &ReceivedDocument{ID: d.GlobalID().String(), Title: d.Title, Mime: b.mime, Size: b.size, DownloadURL: s.DownloadURL(ctx, d)}}, nil
}

// keepSniffed keeps the bytes of a paper under their key if they are of a type
// that is taken, and looked at by the scanner. Faults: FILE_EMPTY,
// FILE_TYPE_REFUSED, FILE_INFECTED of what is kept all the same.
func (s *Documents) keepSniffed(ctx context.Context, b *Bytes, body io.Reader) error {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if n == 0 {
		return ErrFileEmpty
	}
	b.mime = mimeOf(head[:n])
	if !allowed(b.mime, papers) {
		return ErrFileTypeRefused.With("mime", b.mime)
	}
	if err := s.write(ctx, b, io.MultiReader(bytes.NewReader(head[:n]), body)); err != nil {
		return err
	}
	dangerous, err := s.scan(ctx, b.key)
	if err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	if dangerous {
		return ErrFileInfected
	}
	return nil
}

// scan asks the scanner.
func (s *Documents) scan(ctx context.Context, key string) (dangerous bool, err error) {
	r, err := s.Blobs.Open(ctx, key)
	if err != nil {
		return false, err
	}
	defer r.Close()
	if s.Scan != nil {
		return s.Scan(ctx, r)
	}
	head := make([]byte, len(eicar))
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return bytes.Equal(head[:n], eicar), nil
}

// quarantineLife is how long it is remembered that something dangerous came.
const quarantineLife = 30 * 24 * time.Hour

// quarantine remembers that a file was dangerous, and forgets the file.
func (s *Documents) quarantine(ctx context.Context, d *ent.Document, b *Bytes) error {
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Document.Update().Where(entdocument.ID(d.ID), entdocument.StatusEQ(entdocument.StatusPENDING), entdocument.BlobKey(b.key)).
			SetStatus(entdocument.StatusQUARANTINED).ClearBlobKey().SetMime(b.mime).SetSize(b.size).SetSha256(b.sha256).SetExpiresAt(tx.Now.Add(quarantineLife)).Save(ctx)
		if err != nil || n == 0 {
			return err
		}
		d.BlobKey = &b.key
		if err := drop(ctx, tx, d); err != nil {
			return err
		}
		return tx.Audit(ctx, "document.quarantine", d.OwnerID, d.GlobalID(), map[string]any{"mime": b.mime})
	})
	if err != nil {
		return err
	}
	return ErrFileInfected
}

// finish makes a document whose bytes came ready.
func (s *Documents) finish(ctx context.Context, d *ent.Document, b *Bytes) (done *ent.Document, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Document.Update().Where(entdocument.ID(d.ID), entdocument.StatusEQ(entdocument.StatusPENDING), entdocument.BlobKey(b.key)).
			SetStatus(entdocument.StatusREADY).SetTitle(named(d.Title, b.mime)).SetMime(b.mime).SetSize(b.size).SetSha256(b.sha256).ClearExpiresAt().Save(ctx)
		if err != nil {
			return err
		}
		if n == 0 { // deleted meanwhile
			return fault.ErrNotFound
		}
		if done, err = tx.Document.Get(ctx, d.ID); err != nil {
			return err
		}
		return tx.Audit(ctx, "document.upload", d.OwnerID, d.GlobalID(), map[string]any{"kind": d.Kind.String(), "mime": b.mime, "size": b.size})
	})
	if err != nil {
		return nil, err
	}
	return done.Unwrap(), nil
}

// most reads so many bytes and refuses the next one (security J4).
type most struct {
	r           io.Reader
	left, limit int64
}

func (m *most) Read(p []byte) (int, error) {
	if m.left == 0 {
		var one [1]byte
		n, err := m.r.Read(one[:])
		if n > 0 {
			return 0, ErrFileTooLarge.With("limit", m.limit)
		}
		return 0, broke(err)
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	return n, broke(err)
}

func broke(err error) error {
	if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fault.ErrInvalidRequest.Because(fmt.Errorf("the body broke off: %w", err))
}
