package privacy

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/migrate"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// exported are the tables whose rows a person gets, by store's table of
// erasure, which also says which rows are his.
func exported() (all []store.Erasure) {
	for _, e := range store.Erasures {
		if e.Own != "" {
			all = append(all, e)
		}
	}
	return all
}

// steps are those of an export: a table each, and the files.
func steps() int64 { return int64(len(exported())) + 1 }

// pack writes the archive: one snapshot of the database, then the files.
func (p *Privacy) pack(ctx context.Context, t *ent.Task, u *ent.User, to io.Writer) error {
	z := zip.NewWriter(to)
	var guide strings.Builder
	guide.WriteString(locale.Text(u.Locale, "privacy.export.guide", map[string]any{
		"name": u.DisplayName, "date": locale.DateTime(u.Locale, p.Store.Now(), u.TimeZone)}) + "\n\n")
	err := p.Store.InSnapshot(ctx, func(ctx context.Context, s *store.Snapshot) error {
		for _, e := range exported() {
			n, err := packTable(ctx, s, z, e, u.ID)
			if err != nil {
				return fmt.Errorf("%s: %w", e.Table, err)
			}
			fmt.Fprintf(&guide, "%-28s %6d\n", e.Table+".json", n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.note(ctx, t, steps()-1); err != nil {
		return err
	}
	absent, err := p.packFiles(ctx, z, u.ID)
	if err != nil {
		return err
	}
	if len(absent) > 0 {
		guide.WriteString("\n" + locale.Text(u.Locale, "privacy.export.absent", nil) + "\n")
	}
	for _, name := range absent {
		guide.WriteString(name + "\n")
	}
	w, err := z.Create("README.txt")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, guide.String()); err != nil {
		return err
	}
	return z.Close()
}

func (p *Privacy) note(ctx context.Context, t *ent.Task, done int64) error {
	counts := countsOf(t)
	counts[countDone] = done
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.NoteTask(ctx, t.ID, counts) })
}

// columnsOf are what is shown of a table: no bytes, nothing hidden.
func columnsOf(e store.Erasure) (all []*schema.Column) {
	for _, t := range migrate.Tables {
		if t.Name != e.Table {
			continue
		}
		for _, c := range t.Columns {
			if c.Type != field.TypeBytes && !contains(e.Hidden, c.Name) {
				all = append(all, c)
			}
		}
	}
	return all
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// packTable writes the person's rows of one table as a JSON array.
func packTable(ctx context.Context, s *store.Snapshot, z *zip.Writer, e store.Erasure, me uuid.UUID) (n int, err error) {
	columns := columnsOf(e)
	if len(columns) == 0 {
		return 0, fmt.Errorf("no such table")
	}
	rows, err := s.OwnRows(ctx, e, names(columns), me)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	w, err := z.Create(e.Table + ".json")
	if err != nil {
		return 0, err
	}
	for ; rows.Next(); n++ {
		row, err := readRow(rows, columns)
		if err != nil {
			return n, err
		}
		line, err := writeRow(e.Table, columns, row, me)
		if err != nil {
			return n, err
		}
		if _, err := io.WriteString(w, map[bool]string{true: "[\n", false: ",\n"}[n == 0]); err != nil {
			return n, err
		}
		if _, err := w.Write(line); err != nil {
			return n, err
		}
	}
	if err := rows.Err(); err != nil {
		return n, err
	}
	_, err = io.WriteString(w, map[bool]string{true: "[]\n", false: "\n]\n"}[n == 0])
	return n, err
}

func names(columns []*schema.Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}

// readRow reads values as JSON has them; ids stay UUIDs, null is nil.
func readRow(rows *sql.Rows, columns []*schema.Column) ([]any, error) {
	into := make([]any, len(columns))
	for i, c := range columns {
		switch c.Type {
		case field.TypeUUID:
			into[i] = &uuid.NullUUID{}
		case field.TypeTime:
			into[i] = &sql.NullTime{}
		case field.TypeBool:
			into[i] = &sql.NullBool{}
		case field.TypeInt, field.TypeInt64:
			into[i] = &sql.NullInt64{}
		case field.TypeJSON:
			into[i] = &[]byte{}
		default:
			into[i] = &sql.NullString{}
		}
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	out := make([]any, len(columns))
	for i, v := range into {
		out[i] = plain(v)
	}
	return out, nil
}

func plain(v any) any {
	switch v := v.(type) {
	case *uuid.NullUUID:
		if v.Valid {
			return v.UUID
		}
	case *sql.NullTime:
		if v.Valid {
			return v.Time.UTC().Format("2006-01-02T15:04:05.000000Z")
		}
	case *sql.NullBool:
		if v.Valid {
			return v.Bool
		}
	case *sql.NullInt64:
		if v.Valid {
			return v.Int64
		}
	case *sql.NullString:
		if v.Valid {
			return v.String
		}
	case *[]byte:
		if len(*v) > 0 {
			return json.RawMessage(*v)
		}
	}
	return nil
}

// writeRow is a row as a JSON object, its columns in their order, its ids as
// at the edge.
func writeRow(table string, columns []*schema.Column, row []any, me uuid.UUID) ([]byte, error) {
	at := map[string]any{}
	for i, c := range columns {
		at[c.Name] = row[i]
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, c := range columns {
		if i > 0 {
			b.WriteByte(',')
		}
		v := row[i]
		if id, ok := v.(uuid.UUID); ok {
			v = edgeID(table, c.Name, at, id, me)
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		fmt.Fprintf(&b, "%q:%s", c.Name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// packFiles adds the person's own documents and picture, and names those of
// which there is no file: it has not come yet, was refused, or went meanwhile.
func (p *Privacy) packFiles(ctx context.Context, z *zip.Writer, me uuid.UUID) (absent []string, err error) {
	if p.Open == nil {
		return nil, nil
	}
	files, err := p.Store.Client.Document.Query().Where(document.OwnerID(me), document.KindNEQ(document.KindEXPORT),
		document.VisibilityEQ(document.VisibilityALL)).Order(ent.Asc(document.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		err := error(fault.ErrNotFound)
		if f.BlobKey != nil && f.Status != document.StatusPENDING && f.Status != document.StatusQUARANTINED {
			err = p.packFile(ctx, z, f)
		}
		switch {
		case errors.Is(err, fault.ErrNotFound):
			absent = append(absent, entryOf(f))
		case err != nil:
			return nil, fmt.Errorf("document %s: %w", f.ID, err)
		}
	}
	return absent, nil
}

// entryOf is what a document is called in the archive.
func entryOf(f *ent.Document) string {
	return "documents/" + f.GlobalID().String() + "-" + fileName(f.Title)
}

func (p *Privacy) packFile(ctx context.Context, z *zip.Writer, f *ent.Document) error {
	r, err := p.Open(ctx, *f.BlobKey)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	w, err := z.CreateHeader(&zip.FileHeader{Name: entryOf(f), Method: zip.Store, Modified: f.CreatedAt.UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

// fileName leaves of a title what no archive and no system takes for a path.
func fileName(title string) string {
	title = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, path.Base(strings.ReplaceAll(title, `\`, "/")))
	if title = strings.Trim(title, " ."); title == "" {
		return "file"
	}
	if r := []rune(title); len(r) > 100 {
		title = string(r[len(r)-100:])
	}
	return title
}

// ids are the kinds behind columns, for the ids of an export.
var (
	ownIDs = map[string]string{
		"achievements": "ach", "addresses": "adr", "audit_entries": "aud", "campaign_acts": "cma", "campaign_entries": "cme", "campaign_photos": "cph",
		"club_members": "clm", "consents": "cns", "contact_points": "cpt", "documents": "doc", "gift_cards": "gift", "goals": "goal", "identities": "idn",
		"invitations": "inv", "ledger_accounts": "acc", "ledger_entries": "ent", "ledger_lots": "lot", "memberships": "mbr", "notifications": "ntf",
		"orders": "order", "order_events": "oev", "order_lines": "line", "payment_methods": "pm", "payments": "pay", "promo_codes": "code", "promo_uses": "pus",
		"referral_codes": "rfc", "referrals": "ref", "return_requests": "ret", "reward_redemptions": "rdm", "sessions": "ses", "shipments": "shp",
		"ticket_messages": "msg", "ticket_participants": "tpt", "tickets": "tkt", "tier_changes": "tch", "top_ups": "topup", "transfers": "trf", "users": "usr",
		"invoice_quotes": "ivq", "list_items": "item", "reviews": "rev", "shopping_lists": "list", "wishlist_items": "wish", "survey_requests": "srq", "ticket_attachments": "att", "article_votes": "avo", "letters": "let",
		"deliveries": "dly", "push_endpoints": "pep", "messenger_links": "mlk", "reminders": "rem", "announcement_marks": "anm", "article_seekers": "ask",
	}
	otherIDs = map[string]string{
		"user_id": "usr", "holder_id": "usr", "invited_id": "usr", "order_id": "order", "product_id": "prd", "account_id": "acc", "from_account_id": "acc",
		"entry_id": "ent", "refund_entry_id": "ent", "advocate_entry_id": "ent", "transfer_id": "trf", "program_id": "prog", "tier_id": "tier", "from_id": "tier", "to_id": "tier",
		"origin_id": "lot", "reward_id": "rwd", "promotion_id": "prm", "code_id": "code", "ticket_id": "tkt", "message_id": "msg", "article_id": "art", "merged_into_id": "tkt", "line_id": "line", "return_id": "ret", "last_message_id": "msg", "campaign_id": "cmp",
		"club_id": "club", "session_id": "ses", "document_id": "cdo", "recipient_id": "usr", "avatar_id": "doc",
		"shipment_id": "shp", "exchange_order_id": "order", "repeat_of_id": "order", "invoice_id": "bill", "replaces_id": "doc", "list_id": "list", "order_line_id": "line", "notification_id": "ntf", "announcement_id": "ann",
	}
)

// edgeID is an id as the API shows it.
func edgeID(table, column string, row map[string]any, id, me uuid.UUID) string {
	prefix := otherIDs[column]
	switch column {
	case "id":
		prefix = ownIDs[table]
		if kind, _ := row["kind"].(string); kind == "RECIPIENT" {
			prefix = "rcp"
		} else if kind == "REFUND" && table == "payments" {
			prefix = "rfd"
		} else if kind == "API_KEY" {
			prefix = "key"
		} else if kind == "CART" {
			prefix = "cart"
		}
	case "owner_id":
		prefix = "com"
		if id == me || table == "memberships" && row["kind"] == "REPRESENTATIVE" {
			prefix = "usr"
		}
	case "parent_id":
		prefix = map[string]string{"ledger_entries": "ent", "payments": "pay"}[table]
	case "subject_id":
		prefix, _ = row["subject_kind"].(string)
	}
	if prefix == "" {
		return id.String()
	}
	return scalar.ID{Prefix: prefix, UUID: id}.String()
}
