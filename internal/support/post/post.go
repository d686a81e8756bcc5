// Package post is support by mail: it takes letters in, joins them to tickets or
// opens new ones, and sends what staff answer. It believes a letter only where
// its sender is proven: by the signed address that we gave to that person, or by
// what the trusted relay found out. What is not proven becomes a note for staff
// or a ticket of nobody's account, never words in a customer's name, and a
// stranger is told nothing of a ticket. No letter that a program wrote is ever
// answered.
//
// It alone writes letters, contact_points.bounced_at, and whose a ticket is
// where somebody proves the address that it was opened from; messages and states
// of tickets it leaves to support. docs/mail.md is the whole of it.
package post

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/gather"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Post is the service of this room.
type Post struct {
	Store   *store.Store
	Sealer  *store.Sealer
	Tickets *support.Tickets
	Address string   // where people write, support@example.com; empty: no mail goes in or out
	Own     []string // further addresses that we send from
	Locale  string   // of who has not chosen one; en when empty
	Log     *slog.Logger

	// Keep keeps the bytes of a file by the rules of uploads, outside a
	// transaction; a fault of kind Invalid or Refused where they are not taken.
	Keep func(ctx context.Context, r io.Reader) (Kept, error)
	// Member is how far somebody may go with tickets of a company now; the zero
	// viewer where nowhere. account knows.
	Member func(ctx context.Context, user, company uuid.UUID) (viewer.Viewer, error)
	// Open opens a file that staff sends; a fault of kind NotFound where its owner
	// has deleted it since.
	Open func(ctx context.Context, document uuid.UUID) (io.ReadCloser, error)
	// FileURL is where somebody without an account fetches a file of an answer for
	// the next weeks; it asks Mailed then.
	FileURL func(attachment, reader uuid.UUID) string
	// MostAttached is how many bytes of files go out with a letter; 0: none, for
	// letters leave by a way that carries no files.
	MostAttached int64
	// Give makes files the property of another owner.
	Give func(ctx context.Context, tx *store.Tx, documents []uuid.UUID, owner uuid.UUID) error
	// Send hands one letter to an adapter; nil: letters wait.
	Send func(ctx context.Context, o Outgoing) error
	// Returned hears that a letter came back to an address of ours that names no
	// ticket; behind is what stands behind its +, final that the other server has
	// given up. found is false where it knows nothing of it either. May be nil.
	Returned func(ctx context.Context, tx *store.Tx, behind string, final, gone bool) (found bool, err error)
	// Permanent tells the errors that no other try can mend.
	Permanent func(error) bool

	wholes gather.Loader[uuid.UUID, *string]
}

// Kept is a file whose bytes are kept; Put makes a document of somebody of it,
// in the caller's transaction. Faults: QUOTA_EXCEEDED, TOO_MANY_ITEMS.
type Kept struct {
	Put func(ctx context.Context, tx *store.Tx, owner uuid.UUID, user *uuid.UUID, title string) (uuid.UUID, error)
}

// Incoming is one letter that came in, read by an adapter.
type Incoming struct {
	Key        string   // tells letters apart, 64 hex digits
	To         []string // those of our addresses that it is for
	From, Name string   // From is empty where it names nobody, or several
	Subject    string
	MessageID  string // without brackets
	Text       string // what was written, without quotes
	Whole      string // with quotes and signatures
	Files      []File
	Left       []string // names of files that could not be read
	Why        string   // no person wrote it: AUTO_REPLY, LIST, BOUNCE; empty where nothing says so
	Silent     bool     // it asks for no automatic answer
	NullPath   bool     // its return path is empty
	Loops      []string // its values of X-Loop
	Report     *Report
	Verdict    Verdict
	Size       int64 // bytes
}

// File is what was attached.
type File struct {
	Name  string
	Bytes []byte
}

// Report tells of letters of ours that did not arrive.
type Report struct{ Recipients []Failure }

// Failure is one recipient of a report; Final says that sending again is of no use.
type Failure struct {
	Address string
	Final   bool
	Gone    bool // there is no such mailbox
}

// Verdict is what the trusted relay says of the sender.
type Verdict uint8

// The verdicts.
const (
	Unknown Verdict = iota
	Passed
	Failed
)

// Outgoing is one letter that leaves. All but To, Subject, Text and ID may be empty.
type Outgoing struct {
	To, Subject, Text, HTML string
	ID                      string // the same on every try
	ReplyTo                 string // signed for whoever gets it
	ReturnTo                string // where is told that it did not arrive
	InReplyTo               string
	References              []string // those of ours have no domain
	Automatic               bool     // no person wrote it
	Loop                    string   // by which we know it when it comes back
	Files                   []Attached
}

// Attached is a file that leaves with a letter.
type Attached struct {
	Name, Mime string
	Bytes      []byte
}

// The bounds of what is taken.
const (
	mostFiles   = 10     // of one letter that are kept
	longestBody = 10_000 // characters of a message
	mostMerges  = 20     // from one ticket to the next
	mostClaimed = 200    // tickets that become a person's at once
	mostLeft    = 20     // files that were not kept are named, of one letter
	mostWhole   = 60_000 // characters of all that a letter says
)

// ErrNoSender refuses a letter that names nobody who wrote it, or several. It is
// on record; its sender's server is told, for nobody can answer it.
var ErrNoSender = errors.New("post: the letter names nobody who wrote it")

// How many letters of one address are taken, and of strangers in all. A letter
// beyond is refused for now: its sender tries again. What a relay has proven, and
// what comes from nobody knows whom in the same name, are counted apart: no
// forger silences a customer.
var (
	ofAddress   = store.Limit{Name: "post.letter", Free: 30, Forget: time.Hour, Window: true}
	ofFiles     = store.Limit{Name: "post.files", Free: 300, Forget: time.Hour, Window: true} // letters with files whose sender is not proven
	ofStrangers = store.Limit{Name: "post.stranger", Free: 1000, Forget: time.Hour, Window: true}
	receipts    = store.Limit{Name: "post.receipt", Free: 3, Forget: time.Hour, Window: true} // letters that one came, to one address
)
