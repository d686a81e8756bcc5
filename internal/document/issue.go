package document

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// NewPaper is a paper about to be issued: it has its number and not yet its
// bytes.
type NewPaper struct {
	Owner          uuid.UUID
	User           *uuid.UUID // who asked
	Kind           string     // of the SDL's DocumentKind
	Title          string     // the name of the download
	Series, Number string
	From, To       *string // YYYY-MM-DD
	About          scalar.ID
	Locale         string
	Fingerprint    string // the same for papers that say the same: one of them is in force
	Version        int
	Replaces       *uuid.UUID    // void from now on
	Amount         *scalar.Money // of an invoice
}

// ReservePaper makes the row of a paper, PENDING: it is in nobody's list until
// FillPaper. The caller's fence holds.
func (s *Documents) ReservePaper(ctx context.Context, tx *store.Tx, n NewPaper) (*ent.Document, error) {
	title, err := fileTitle(n.Title)
	if err != nil {
		return nil, err
	}
	if n.Replaces != nil {
		err := tx.Document.Update().Where(entdocument.ID(*n.Replaces), entdocument.StatusNEQ(entdocument.StatusVOID)).SetStatus(entdocument.StatusVOID).Exec(ctx)
		if err != nil {
			return nil, err
		}
	}
	c := tx.Document.Create().SetOwnerID(n.Owner).SetNillableUserID(n.User).SetKind(entdocument.Kind(n.Kind)).SetTitle(title).
		SetSeries(n.Series).SetNumber(n.Number).SetNillableFromOn(n.From).SetNillableToOn(n.To).
		SetSubjectKind(n.About.Prefix).SetSubjectID(n.About.UUID).SetLocale(n.Locale).SetFingerprint(n.Fingerprint).
		SetVersion(n.Version).SetNillableReplacesID(n.Replaces)
	if n.Amount != nil {
		c.SetAmountMinor(n.Amount.Minor).SetCurrency(n.Amount.Currency)
	}
	return c.Save(ctx)
}

// FillPaper gives a paper its bytes and puts it in force; false where it has
// them already, or is not in force any more. The caller's fence holds.
func (s *Documents) FillPaper(ctx context.Context, tx *store.Tx, id uuid.UUID, b Bytes) (bool, error) {
	n, err := tx.Document.Update().Where(entdocument.ID(id), entdocument.StatusEQ(entdocument.StatusPENDING), entdocument.BlobKeyIsNil(), entdocument.NumberNotNil()).
		SetStatus(entdocument.StatusISSUED).SetMime(b.mime).SetSize(b.size).SetSha256(b.sha256).SetBlobKey(b.key).Save(ctx)
	return n == 1, err
}

// Forget deletes bytes that no document names.
func (s *Documents) Forget(ctx context.Context, b Bytes) error { return s.Blobs.Delete(ctx, b.key) }
