package post

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// keptFiles are the files of a letter: their bytes are kept, or they are named
// with why they are not.
type keptFiles struct {
	kept []keptFile
	left []refusal
}

type keptFile struct {
	name string
	Kept
}

// refusal is a file that is not kept, and why: a code of the domain of files.
type refusal struct{ name, code string }

// longText is the name of a text that is too long for a message.
const longText = "letter.txt"

const (
	codeTooMany = "TOO_MANY_ITEMS"
	codeBroken  = "FILE_EMPTY"
)

// say is why, in words.
func (r refusal) say(lang string) string {
	if id := "support.post.left." + r.code; locale.Has(id) {
		return locale.Text(lang, id, nil)
	}
	return locale.Text(lang, "support.post.left.OTHER", nil)
}

// keepFiles keeps the bytes of a letter's files before the transaction: no
// database waits for a scanner. A text too long for a message becomes a file.
func (p *Post) keepFiles(ctx context.Context, in *Incoming) (k keptFiles, err error) {
	files := in.Files
	long := func(f File) bool { return f.Name == longText }
	if utf8.RuneCountInString(in.Text) > longestBody && !slices.ContainsFunc(files, long) {
		files = append([]File{{Name: longText, Bytes: []byte(in.Text)}}, files...)
	}
	for _, name := range in.Left {
		k.left = append(k.left, refusal{name, codeBroken})
	}
	for i, f := range files {
		if i >= mostFiles {
			k.left = append(k.left, refusal{f.Name, codeTooMany})
			continue
		}
		if p.Keep == nil {
			k.left = append(k.left, refusal{f.Name, ""})
			continue
		}
		kept, err := p.Keep(ctx, bytes.NewReader(f.Bytes))
		switch code, refused := refusedBy(err); {
		case refused:
			k.left = append(k.left, refusal{f.Name, code})
		case err != nil:
			return k, err
		default:
			k.kept = append(k.kept, keptFile{f.Name, kept})
		}
	}
	return k, nil
}

// refusedBy says that a rule refused a file, and which.
func refusedBy(err error) (code string, refused bool) {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Refused {
		return "", false
	}
	return f.Code, true
}

// put makes documents of the files: of their writer, or of the House.
func (k keptFiles) put(ctx context.Context, tx *store.Tx, w writer) (ids []uuid.UUID, left []refusal, err error) {
	left = append(left, k.left...)
	owner := viewer.House
	if w.user != nil {
		owner = *w.user
	}
	for _, f := range k.kept {
		name := strings.TrimSpace(f.name)
		if name == "" {
			name = "attachment"
		}
		id, err := f.Put(ctx, tx, owner, w.user, name)
		switch code, refused := refusedBy(err); {
		case refused:
			left = append(left, refusal{f.name, code})
		case err != nil:
			return nil, nil, err
		default:
			ids = append(ids, id)
		}
	}
	return ids, left, nil
}
