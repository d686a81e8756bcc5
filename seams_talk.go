package main

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
)

// wireTalk ties the files of messages to who keeps them.
func (k *kabinet) wireTalk() {
	k.tickets.Attach = func(ctx context.Context, tx *store.Tx, documents []uuid.UUID, _ *ent.Ticket) ([]support.Attachment, error) {
		files, err := k.documents.Attachable(ctx, tx, documents, "input", "attachmentIds")
		if err != nil {
			return nil, err
		}
		all := make([]support.Attachment, len(files))
		for i, d := range files {
			all[i] = support.Attachment{DocumentID: d.ID, Title: d.Title, Mime: *d.Mime, Size: *d.Size}
		}
		return all, nil
	}
	k.tickets.FileURL = func(ctx context.Context, attachment uuid.UUID) *string {
		return k.documents.LentURL(ctx, scalar.ID{Prefix: "att", UUID: attachment})
	}
	k.documents.Lent = func(ctx context.Context, of scalar.ID, person uuid.UUID) (uuid.UUID, error) {
		if of.Prefix != "att" {
			return uuid.Nil, fault.ErrNotFound
		}
		return k.tickets.Attached(ctx, of.UUID, person)
	}
}
