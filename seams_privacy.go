package main

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/document"
	"kabinet/internal/privacy"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// wirePrivacy gives the rights over one's data what other domains do of them.
func (k *kabinet) wirePrivacy() {
	k.privacy = &privacy.Privacy{
		Store: k.store, Delay: k.cfg.DeletionDelay, Ask: k.askForDeletion, Try: k.people.TryCode, Use: k.useForDeletion, Forfeit: k.points.Forfeit,
		News: func(ctx context.Context, tx *store.Tx, user uuid.UUID, change string, subject scalar.ID, details map[string]any) error {
			return k.people.News(ctx, tx, user, account.Change(change), subject, details)
		},
		MayGo: func(ctx context.Context, q store.Reader, user uuid.UUID) error { return k.desk.MayGo(ctx, q, user) },
		End: func(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
			_, err := k.people.EndAll(ctx, tx, user, uuid.Nil)
			return err
		},
		Write: k.writeExport, Drop: k.dropFiles,
		Open: func(ctx context.Context, key string) (io.ReadCloser, error) { return k.documents.Blobs.Open(ctx, key) },
	}
	k.people.Forgotten = k.privacy.ForgetStrangers
	k.people.Consented = func(ctx context.Context, tx *store.Tx, user uuid.UUID, ticked []*account.RegistrationConsentInput) error {
		all := make([]privacy.Accepted, 0, len(ticked))
		for _, t := range ticked {
			all = append(all, privacy.Accepted{Handle: t.Handle, Version: t.Version})
		}
		return k.privacy.Accept(ctx, tx, user, all)
	}
	k.wirePapers()
}

// whyDeleted is what a code to delete an account carries.
type whyDeleted struct {
	Reason string `json:"reason,omitempty"`
}

// askForDeletion sends the code to where the person is reached first.
func (k *kabinet) askForDeletion(ctx context.Context, tx *store.Tx, user uuid.UUID, purpose, reason string) (*privacy.Asked, error) {
	ways, err := k.people.CodeWays(ctx, tx, user)
	if err != nil || len(ways) == 0 {
		return nil, err
	}
	c, err := k.people.SendCode(ctx, tx, account.CodeLetter{Purpose: purpose, UserID: &user, Kind: ways[0].Kind, To: ways[0].To, Template: account.LetterDelete, Proven: true, Data: whyDeleted{reason}})
	if err != nil {
		return nil, err
	}
	return &privacy.Asked{ID: c.ID, Kind: string(c.Kind), SentTo: c.SentTo, ExpiresAt: c.ExpiresAt}, nil
}

func (k *kabinet) useForDeletion(ctx context.Context, tx *store.Tx, id uuid.UUID, purpose, code string) (uuid.UUID, string, error) {
	var why whyDeleted
	c, _, err := k.people.UseCode(ctx, tx, id, purpose, code, &why)
	if err != nil || c.UserID == nil {
		return uuid.Nil, "", err
	}
	return *c.UserID, why.Reason, nil
}

func (k *kabinet) writeExport(ctx context.Context, content io.Reader) (privacy.Kept, error) {
	b, err := k.documents.Write(ctx, "application/zip", content)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx, user uuid.UUID, name string, about scalar.ID, until time.Time) error {
		_, err := k.documents.Put(ctx, tx, document.NewDocument{Owner: user, User: &user, Kind: "EXPORT", Title: name, Bytes: b, Expires: &until, About: &about}, nil)
		return err
	}, nil
}

func (k *kabinet) dropFiles(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	if err := k.documents.DeleteAllOf(ctx, tx, user); err != nil {
		return err
	}
	return k.cards.DeleteAllOf(ctx, tx, user)
}
