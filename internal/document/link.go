package document

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// How long links are good.
const (
	downloadLife = 5 * time.Minute
	uploadLife   = 15 * time.Minute
)

// link is what stands sealed in an address: which document, for whom, in which
// session, until when. It is worth nothing once the session is over.
type link struct {
	document, session, user uuid.UUID
	until                   time.Time
}

const linkSize = 3*16 + 8

// seal makes a link for one purpose; it opens for that one alone.
func (s *Documents) seal(l link, purpose string) string {
	b := make([]byte, 0, linkSize)
	b = append(append(append(b, l.document[:]...), l.session[:]...), l.user[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.until.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(s.Sealer.Seal(b, "document/"+purpose))
}

// open reads a link that is good now. Whatever is wrong is NOT_FOUND.
func (s *Documents) open(ctx context.Context, text, purpose string) (link, error) {
	l, err := s.unsealed(text, purpose)
	if err != nil {
		return link{}, err
	}
	return l, s.alive(ctx, l.session)
}

// unsealed is open for a link that hangs on no session.
func (s *Documents) unsealed(text, purpose string) (link, error) {
	const longest = 512
	if len(text) > longest {
		return link{}, fault.ErrNotFound
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return link{}, fault.ErrNotFound
	}
	b, err := s.Sealer.Open(sealed, "document/"+purpose)
	if err != nil || len(b) != linkSize {
		return link{}, fault.ErrNotFound
	}
	l := link{document: uuid.UUID(b[:16]), session: uuid.UUID(b[16:32]), user: uuid.UUID(b[32:48]),
		until: time.UnixMicro(int64(binary.BigEndian.Uint64(b[48:]))).UTC()}
	if !s.Store.Now().Before(l.until) {
		return link{}, fault.ErrNotFound
	}
	return l, nil
}

// alive asks whether the session of a link goes on.
func (s *Documents) alive(ctx context.Context, session uuid.UUID) error {
	if s.Ended == nil {
		return nil
	}
	ended, err := s.Ended(viewer.AsSystem(ctx, "document.link"), []uuid.UUID{session})
	if err != nil {
		return err
	}
	if _, over := ended[session]; over {
		return fault.ErrNotFound
	}
	return nil
}

// as is the person of a link, acting from where the request came.
func (l link) as(ctx context.Context) context.Context {
	v := viewer.From(ctx)
	v.UserID, v.OwnerID, v.SessionID, v.Represents, v.Staff, v.Grants, v.System = l.user, l.user, l.session, false, false, nil, ""
	return viewer.With(ctx, v)
}

func (s *Documents) address(path ...string) string { return s.Public.JoinPath(path...).String() }

// DownloadURL is where a document can be fetched for the next minutes, by the
// session that asks; nil where there is nothing to fetch, as of a paper whose
// bytes have not come, or no session asks.
// It reads no table.
func (s *Documents) DownloadURL(ctx context.Context, d *ent.Document) *string {
	v := viewer.From(ctx)
	now := s.Store.Now()
	if v.SessionID == uuid.Nil || d.Mime == nil || !ready(d.Status) || d.ExpiresAt != nil && !now.Before(*d.ExpiresAt) {
		return nil
	}
	id := d.GlobalID().String()
	signature := s.seal(link{document: d.ID, session: v.SessionID, user: v.UserID, until: now.Add(downloadLife)}, "get")
	address := s.address("files", id) + "?" + signature
	return &address
}

// LentURL is where the document behind something of another domain can be
// fetched for the next minutes, by the session that asks: whoever may see that
// thing, not the document's owner alone. nil where no session asks. It reads no
// table: what is behind it, and whether he still may, Lent is asked then.
func (s *Documents) LentURL(ctx context.Context, of scalar.ID) *string {
	v := viewer.From(ctx)
	if v.SessionID == uuid.Nil {
		return nil
	}
	signature := s.seal(link{document: of.UUID, session: v.SessionID, user: v.UserID, until: s.Store.Now().Add(downloadLife)}, lent(of.Prefix))
	address := s.address("files", of.String()) + "?" + signature
	return &address
}

// MailedURL is where the document behind something of another domain can be
// fetched until then by whoever has the address: for somebody without an
// account, to whom it goes by mail. reader is what Mailed knows him by.
func (s *Documents) MailedURL(of scalar.ID, reader uuid.UUID, until time.Time) string {
	signature := s.seal(link{document: of.UUID, user: reader, until: until}, mailed(of.Prefix))
	return s.address("files", of.String()) + "?" + signature
}

func mailed(prefix string) string { return "mailed/" + prefix }

// lent is the purpose of links to what another domain lends.
func lent(prefix string) string { return "lent/" + prefix }

func ready(status entdocument.Status) bool {
	switch status {
	case entdocument.StatusREADY, entdocument.StatusISSUED, entdocument.StatusPAID, entdocument.StatusVOID:
		return true
	}
	return false
}

// pictureKey is what stands in the address of a person's picture: nothing but
// chance, 122 bits of it.
func pictureKey(id uuid.UUID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

func pictureID(key string) (uuid.UUID, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(key)
	if err != nil || len(b) != 16 || strings.ContainsAny(key, "\r\n") {
		return uuid.Nil, false
	}
	return uuid.UUID(b), true
}

// documentID reads an id of a document at a path of the input.
func documentID(id scalar.ID, path ...string) (uuid.UUID, error) {
	u, err := id.As("doc")
	if err != nil {
		return uuid.Nil, fault.ErrInvalidID.At(path...)
	}
	return u, nil
}
