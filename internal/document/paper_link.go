package document

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// paperLink is what stands sealed in the address to which the bytes of an
// issued paper are sent: how many at most, and which bytes it had when the link
// was made. A paper that has got others since takes no more by it, so a link is
// good for one file.
type paperLink struct {
	link
	size int64
	was  [8]byte
}

const paperLinkSize = linkSize + 8 + 8

// bytesOf tells the bytes of a document from others, without naming them.
func bytesOf(d *ent.Document) (was [8]byte) {
	if d.BlobKey != nil {
		sum := sha256.Sum256([]byte(*d.BlobKey))
		copy(was[:], sum[:])
	}
	return was
}

// PaperLink is where the bytes of an issued paper can be sent to for the next
// minutes by the session that asks; nil where none does. It writes nothing:
// whoever calls has proven that the caller may. size is the most that is taken.
func (s *Documents) PaperLink(ctx context.Context, d *ent.Document, size int64) *UploadLink {
	v := viewer.From(ctx)
	if v.SessionID == uuid.Nil || size < 1 {
		return nil
	}
	l := link{document: d.ID, session: v.SessionID, user: v.UserID, until: s.Store.Now().Add(uploadLife)}
	size = min(size, mostBytes)
	b := make([]byte, 0, paperLinkSize)
	b = append(append(append(b, l.document[:]...), l.session[:]...), l.user[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.until.UnixMicro()))
	b = binary.BigEndian.AppendUint64(b, uint64(size))
	was := bytesOf(d)
	token := base64.RawURLEncoding.EncodeToString(s.Sealer.Seal(append(b, was[:]...), "document/paper"))
	return &UploadLink{URL: s.address("files", "upload", token), Method: "PUT", MaxBytes: int(size), Types: papers, ExpiresAt: l.until}
}

// openPaper reads a link of PaperLink that is good now; known is false of what
// is none, such as a link of a person's upload.
func (s *Documents) openPaper(ctx context.Context, text string) (l paperLink, known bool, err error) {
	const longest = 512
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if len(text) > longest || err != nil {
		return l, false, nil
	}
	b, err := s.Sealer.Open(sealed, "document/paper")
	if err != nil || len(b) != paperLinkSize {
		return l, false, nil
	}
	l.document, l.session, l.user = uuid.UUID(b[:16]), uuid.UUID(b[16:32]), uuid.UUID(b[32:48])
	l.until = time.UnixMicro(int64(binary.BigEndian.Uint64(b[48:]))).UTC()
	l.size = int64(binary.BigEndian.Uint64(b[56:]))
	copy(l.was[:], b[64:])
	if !s.Store.Now().Before(l.until) {
		return l, true, fault.ErrNotFound
	}
	return l, true, s.alive(ctx, l.session)
}

// receiveIssued takes the bytes of an issued paper, once for a link, as Receive
// says. The paper keeps its number and its money; older bytes go.
func (s *Documents) receiveIssued(ctx context.Context, l paperLink, body io.Reader, length int64) (*Received, error) {
	ctx = viewer.AsSystem(ctx, "document.paper")
	d, err := s.Store.Client.Document.Query().Where(entdocument.ID(l.document), entdocument.StatusIn(entdocument.StatusISSUED, entdocument.StatusPAID, entdocument.StatusVOID)).Only(ctx)
	switch {
	case ent.IsNotFound(err), err == nil && bytesOf(d) != l.was:
		return nil, fault.ErrNotFound
	case err != nil:
		return nil, store.Translate(err)
	case length > l.size:
		return nil, ErrFileTooLarge.With("limit", l.size)
	}
	b := &Bytes{key: s.newKey()}
	var out *Received
	err = s.spooled(ctx, body, l.size, func(file *os.File) error {
		if err := s.keepSniffed(ctx, b, file); err != nil {
			return err
		}
		out, err = s.finishIssued(ctx, l, b)
		return err
	})
	if err != nil {
		s.dropNow(ctx, d, b)
		return nil, err
	}
	return out, nil
}

// dropNow deletes bytes that nothing names.
func (s *Documents) dropNow(ctx context.Context, d *ent.Document, b *Bytes) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.Blobs.Delete(ctx, b.key); err != nil { // the janitor finds them
		s.log().Warn("bytes of a paper that were not taken stay for a day", "document", d.GlobalID().String(), "error", err.Error())
	}
}

// finishIssued gives a paper its bytes, if it has still those that its link was
// made for.
func (s *Documents) finishIssued(ctx context.Context, l paperLink, b *Bytes) (out *Received, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		d, err := tx.Document.Query().Where(entdocument.ID(l.document), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) || err == nil && bytesOf(d) != l.was {
			return fault.ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := drop(ctx, tx, d); err != nil {
			return err
		}
		title := named(d.Title, b.mime)
		if err := tx.Document.UpdateOneID(d.ID).SetBlobKey(b.key).SetTitle(title).SetMime(b.mime).SetSize(b.size).SetSha256(b.sha256).Exec(ctx); err != nil {
			return err
		}
		out = &Received{Document: &ReceivedDocument{ID: scalar.ID{Prefix: "doc", UUID: d.ID}.String(), Title: title, Mime: b.mime, Size: b.size}}
		return tx.Audit(ctx, "document.paper", d.OwnerID, d.GlobalID(), map[string]any{"kind": d.Kind.String(), "mime": b.mime, "size": b.size, "by": l.user.String()})
	})
	return out, err
}
